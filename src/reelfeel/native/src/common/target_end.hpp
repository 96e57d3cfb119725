// Closes the region that target_begin.hpp opened.

#if !defined(REELFEEL_INSTRUCTIONS)
// Nothing was opened.
#elif defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
