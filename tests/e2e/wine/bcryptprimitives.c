/* Stands in for Windows' bcryptprimitives.dll, which wine 8 lacks: random bytes from where wine has them. */
#include <stddef.h>

typedef unsigned char BOOLEAN;
typedef unsigned long ULONG;

__declspec(dllimport) BOOLEAN __stdcall SystemFunction036(void *buffer, ULONG length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t length)
{
    while (length > 0) {
        ULONG part = length > 0x10000 ? 0x10000 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
            return 0;
        buffer += part;
        length -= part;
    }
    return 1;
}
