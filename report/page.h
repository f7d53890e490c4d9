#ifndef RIFT_REPORT_PAGE_H
#define RIFT_REPORT_PAGE_H

#include <stddef.h>

/* The page as embed.cmake has put it together from page/: what stands before its data and behind.
 */
extern const unsigned char page_before_data[];
extern const size_t page_before_data_bytes;
extern const unsigned char page_after_data[];
extern const size_t page_after_data_bytes;

#endif
