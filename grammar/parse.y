/* The grammar of LANGUAGE.md, section 1: rules and the nodes they make, nothing else. One nonterminal is every expression;
 * types tell numbers, conditions and sets apart later. */
%require "3.8"
%expect 0

%define api.pure full
%define api.prefix {weft_grammar_}
%define api.token.prefix {WEFT_TOKEN_}
%define api.token.raw
%define api.value.type union
%define api.location.type {weft_span}
%define lr.default-reduction consistent /* an error is seen before `resume` is reduced */
%define parse.error custom
%define parse.lac full
%define parse.lac.es-capacity-initial "6000" /* YYMAXDEPTH: never grown */
%locations
%param {weft_parser *p}

%code requires {
#include "parser.h"
}

%code provides {
/* What was reported when it was scanned: the parser recovers and says nothing. */
enum { WEFT_TOKEN_REPORTED = WEFT_TOKEN_WEFT_GRAMMAR_error };

int weft_scan(WEFT_GRAMMAR_STYPE *value, weft_span *span, void *scanner);               /* scan.l: the next token */
int weft_grammar_lex(WEFT_GRAMMAR_STYPE *value, weft_span *span, weft_parser *p); /* brackets.c: for the parser */
}

%code {
#include <inttypes.h>

#define YYLLOC_DEFAULT(Current, Rhs, N)                                                                                \
    ((Current) = (weft_span){YYRHSLOC(Rhs, N).source, YYRHSLOC(Rhs, (N) ? 1 : 0).begin, YYRHSLOC(Rhs, N).end},         \
     (Current).begin = (N) ? (Current).begin : (Current).end)

/* The stacks have their full depth from the start and no allocation. 200 levels of nesting take fewer than 6000 places: a
 * level needs at most 24 (an operator of every precedence, a call and an argument's name), a statement around it a few. */
#define YYINITDEPTH 6000
#define YYMAXDEPTH 6000
#define YYMALLOC(size) NULL
#define YYFREE(block) ((void)(block))

static void weft_grammar_error(const weft_span *span, weft_parser *p, const char *message);

#define OPERATOR(op) WEFT_OPERATOR_##op
#define NODE(kind, span) weft_node(p, WEFT_AST_##kind, span)
#define NAMED(kind, span, name, name_span) weft_named(p, WEFT_AST_##kind, span, name, name_span)
#define WITH(parent, child) weft_child(p, parent, child)
#define OPERAND(ast, span) ((weft_operand){ast, span})
}

%token END 0 "end of the file"
%token IMPORT "import" LET "let" SET "set" PATTERN "pattern"
%token ATTEND "attend" HEADS "heads" APPROXIMATE "approximate" WITH "with" SCALE "scale" SOFTCAP "softcap" BIAS "bias"
       SINK "sink" SHARED_QK "shared_qk" TILE "tile" REQUIRE "require"
%token OR "or" AND "and" NOT "not" TRUE "true" FALSE "false"
%token SEMICOLON ";" COMMA "," COLON ":" ASSIGN "=" DOTS ".." QUESTION "?"
%token LPAREN "(" RPAREN ")" LBRACKET "[" RBRACKET "]" LBRACE "{" RBRACE "}"
%token BLOCK BLOCK_END /* the braces of a pattern, told from those of lists in brackets.c */
%token UNION "|" INTERSECTION "&" PLUS "+" MINUS "-" TILDE "~"
%token <weft_operator> COMPARISON "comparison" PRODUCT "product"
%token <const char *> NAME "name" STRING "string"
%token <int64_t> INT "integer"
%token <double> FLOAT "float"

%nterm <weft_ast *> definition import let set pattern parameters parameter_list parameter declaration
%nterm <weft_ast *> body statements statement heads range_or_expr call arguments argument_list argument
%nterm <weft_ast *> expr range items item elements
%nterm <const char *> type

%printer { fprintf(yyo, "%s", weft_operator_text($$)); } <weft_operator>
%printer { fprintf(yyo, "%s", $$); } <const char *>
%printer { fprintf(yyo, "%" PRId64, $$); } <int64_t>
%printer { fprintf(yyo, "%g", $$); } <double>
%printer { fprintf(yyo, "(%s …)", weft_ast_kind_name($$->kind)); } <weft_ast *>

%right "?" ":"
%left "or"
%left "and"
%precedence "not"
%left COMPARISON
%left "|"
%left "&"
%left "+" "-"
%left PRODUCT
%precedence SIGN
%precedence "["

%initial-action { @$ = (weft_span){p->source, p->offset, p->offset}; }

%%

file:
  %empty
| file definition               { weft_child(p, p->file, $definition); }
| file error resume definition  { weft_child(p, p->file, $definition); }
| file error ";"                { weft_parser_resume(p); yyerrok; }
| file error BLOCK_END          { weft_parser_resume(p); yyerrok; }
;

/* After an error the next keyword of a definition or statement, `;` or end of a block is where reading goes on. */
resume: %empty  { weft_parser_resume(p); yyerrok; };

definition: import | let | set | pattern;

import: "import" STRING ";"            { $$ = NAMED(IMPORT, @$, $STRING, @STRING); };
let: "let" NAME "=" expr ";"           { $$ = WITH(NAMED(LET, @$, $NAME, @NAME), $expr); };
set: "set" NAME parameters "=" expr ";"
  { $$ = WITH(weft_adopt(p, NAMED(SET, @$, $NAME, @NAME), $parameters), $expr); };

pattern:
  "pattern" NAME parameters body
  { $$ = weft_adopt(p, weft_adopt(p, NAMED(PATTERN, @$, $NAME, @NAME), $parameters), $body); }
| "pattern" error body
  { $$ = weft_adopt(p, NAMED(PATTERN, @$, weft_parser_intern(p, "", 0), @1), $body); }
| "pattern" error ";"
  {
    $$ = NAMED(PATTERN, @$, weft_parser_intern(p, "", 0), @1);
    weft_parser_resume(p);
    yyerrok;
  }
;
body:
  BLOCK resume statements BLOCK_END        { $$ = $statements; }
| BLOCK resume statements error BLOCK_END  { $$ = $statements; weft_parser_resume(p); yyerrok; }
;

parameters:
  %empty                   { $$ = weft_list(p); }
| "(" ")"                  { $$ = weft_list(p); }
| "(" parameter_list ")"   { $$ = $parameter_list; }
;
parameter_list:
  parameter                           { $$ = WITH(weft_list(p), $parameter); }
| parameter_list[list] "," parameter  { $$ = WITH($list, $parameter); }
;
parameter:
  declaration
| declaration "=" expr  { $$ = WITH($declaration, $expr); $$->span = @$; }
;
declaration:
  NAME           { $$ = NAMED(PARAM, @$, $NAME, @NAME); }
| NAME ":" type  { $$ = NAMED(PARAM, @$, $NAME, @NAME); $$->type = $type; $$->type_span = @type; }
;
type: NAME | "set"  { $$ = weft_parser_intern(p, "set", 3); };

statements:
  %empty                                        { $$ = weft_list(p); }
| statements[list] statement                    { $$ = WITH($list, $statement); }
| statements[list] error resume statement       { $$ = WITH($list, $statement); }
| statements[list] error ";"                    { $$ = $list; weft_parser_resume(p); yyerrok; }
;
statement:
  let
| "attend" expr ";"                   { $$ = WITH(NODE(ATTEND, @$), $expr); }
| heads
| "approximate" expr "with" call ";"  { $$ = WITH(WITH(NODE(APPROXIMATE, @$), $expr), $call); }
| "scale" expr ";"                    { $$ = WITH(NODE(SCALE, @$), $expr); }
| "softcap" expr ";"                  { $$ = WITH(NODE(SOFTCAP, @$), $expr); }
| "bias" expr ";"                     { $$ = WITH(NODE(BIAS, @$), $expr); }
| "sink" NAME ";"                     { $$ = NAMED(SINK, @$, $NAME, @NAME); }
| "shared_qk" ";"                     { $$ = NODE(SHARED_QK, @$); }
| "tile" "(" expr[rows] "," expr[keys] ")" ";"  { $$ = WITH(WITH(NODE(TILE, @$), $rows), $keys); }
| "require" expr ";"                  { $$ = WITH(NODE(REQUIRE, @$), $expr); }
| "require" expr "," STRING ";"
  { $$ = WITH(WITH(NODE(REQUIRE, @$), $expr), NAMED(STRING, @STRING, $STRING, @STRING)); }
;
heads: "heads" range_or_expr[which] ":" expr ";"  { $$ = WITH(WITH(NODE(HEADS, @$), $which), $expr); };
range_or_expr: expr | range;

call: NAME "(" arguments ")"
  {
    $$ = weft_become($arguments, WEFT_AST_CALL, @$);
    $$->name = $NAME;
    $$->name_span = @NAME;
    weft_nest(p, $$, @2);
  };
arguments:
  %empty  { $$ = weft_list(p); }
| argument_list
;
argument_list:
  argument                          { $$ = WITH(weft_list(p), $argument); }
| argument_list[list] "," argument  { $$ = weft_argument(p, $list, $argument); }
;
argument:
  range_or_expr
| NAME "=" range_or_expr[value]  { $$ = WITH(NAMED(ARGUMENT, @$, $NAME, @NAME), $value); }
;

expr:
  INT                        { $$ = NODE(INT, @$); $$->value.integer = $INT; }
| FLOAT                      { $$ = NODE(FLOAT, @$); $$->value.real = $FLOAT; }
| "true"                     { $$ = NODE(BOOL, @$); $$->value.integer = true; }
| "false"                    { $$ = NODE(BOOL, @$); }
| NAME                       { $$ = NAMED(NAME, @$, $NAME, @NAME); }
| call
| "(" expr[inner] ")"        { $$ = weft_nest(p, $inner, @1); }
| "{" items "}"              { $$ = weft_nest(p, weft_become($items, WEFT_AST_LIST, @$), @1); }
| "[" elements "]"           { $$ = weft_nest(p, weft_become($elements, WEFT_AST_TABLE, @$), @1); }
| expr[array] "[" expr[index] "]"
  { $$ = weft_nest(p, WITH(WITH(NODE(INDEX, @$), $array), $index), @2); }
| "-"[op] expr[x] %prec SIGN { $$ = weft_unary(p, OPERATOR(NEG), @op, OPERAND($x, @x), @$); }
| "~"[op] expr[x] %prec SIGN { $$ = weft_unary(p, OPERATOR(COMPLEMENT), @op, OPERAND($x, @x), @$); }
| "not"[op] expr[x]          { $$ = weft_unary(p, OPERATOR(NOT), @op, OPERAND($x, @x), @$); }
| expr[x] PRODUCT[op] expr[y]
  { $$ = weft_binary(p, $op, @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "+"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(ADD), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "-"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(SUB), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "&"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(INTERSECTION), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "|"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(UNION), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] COMPARISON[op] expr[y]
  { $$ = weft_binary(p, $op, @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "and"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(AND), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[x] "or"[op] expr[y]
  { $$ = weft_binary(p, OPERATOR(OR), @op, OPERAND($x, @x), OPERAND($y, @y), @$); }
| expr[condition] "?"[op] expr[yes] ":" expr[no]
  { $$ = weft_select(p, @op, $condition, $yes, $no, @$); }
;

range: expr[low] ".." expr[high]  { $$ = weft_range(p, $low, $high, @$); };

items:
  item                    { $$ = WITH(weft_list(p), $item); }
| items[list] "," item    { $$ = WITH($list, $item); }
;
item: range_or_expr;
elements:
  expr                      { $$ = WITH(weft_list(p), $expr); }
| elements[list] "," expr   { $$ = WITH($list, $expr); }
;

%%

const char *weft_token_name(int token) {
    if (token == WEFT_TOKEN_BLOCK) token = WEFT_TOKEN_LBRACE;
    if (token == WEFT_TOKEN_BLOCK_END) token = WEFT_TOKEN_RBRACE;
    return yysymbol_name((yysymbol_kind_t)token);
}

static int yyreport_syntax_error(const yypcontext_t *context, weft_parser *p) {
    yysymbol_kind_t kinds[YYNTOKENS];
    bool expected[YYNTOKENS] = {false};
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int k = 0; k < count; k++) expected[kinds[k]] = true;
    weft_syntax_error(p, (int)yypcontext_token(context), *yypcontext_location(context), expected);
    return 0;
}

/* Called only where the stacks are full. */
static void weft_grammar_error(const weft_span *span, weft_parser *p, const char *message) {
    (void)message;
    weft_parser_too_deep(p, *span);
}
