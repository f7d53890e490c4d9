#ifndef RIFT_REPORT_XML_H
#define RIFT_REPORT_XML_H

#include "base/buf.h"

/* Appends bytes of any origin as character data of an XML 1.0 document in UTF-8, so that it stays
 * well-formed whatever they are: markup is escaped, and what the language has no room for (control
 * bytes, bytes that are no UTF-8, U+FFFE, U+FFFF; XML 1.0, section 2.2) becomes U+FFFD. The
 * function for attributes also keeps line ends and tabs, which a parser would make spaces of
 * (section 3.3.3). Errors: -E_NOMEM, -E_LIMIT. */
int xml_append_text(struct buf *out, struct slice text);
int xml_append_attribute(struct buf *out, struct slice text);

#endif
