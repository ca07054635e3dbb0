// Gives Swift the nghttp2 library: HTTP/2 framing, header compression and flow control.
#include <nghttp2/nghttp2.h>
