# The cache's unit tests: unit/cache/NAME.c, with what lies below that layer.
weft_unit_tests(cache weft_support weft_set weft_kernel weft_cache)
