"""Strings that may not stand in a packet, as templates spell them; the plainest are in cases/common/strings.h."""

# In topics, filters, ClientIds and the like, where all of strings.h has been tried. (id, text)
ILL_FORMED = [
    ("high_surrogate_last", r"a\xED\xAF\xBFz"), ("low_surrogate_first", r"a\xED\xB0\x80z"),
    ("surrogate_pair", r"a\xED\xA0\xBD\xED\xB8\x80z"), ("surrogate_alone", r"\xED\xA0\x80"),
    ("overlong_u007f", r"a\xC1\xBFz"), ("overlong_u0000_in_three", r"a\xE0\x80\x80z"),
    ("overlong_u0000_in_four", r"a\xF0\x80\x80\x80z"), ("overlong_u07ff", r"a\xE0\x9F\xBFz"),
    ("overlong_uffff", r"a\xF0\x8F\xBF\xBFz"), ("of_f7", r"a\xF7\xBF\xBF\xBFz"),
    ("of_five_bytes", r"a\xF8\x88\x80\x80\x80z"), ("of_six_bytes", r"a\xFC\x84\x80\x80\x80\x80z"),
    ("fe", r"a\xFEz"), ("continuation_first", r"\x80a"), ("continuation_last", r"a\xBF"),
    ("continuation_alone", r"\x80"), ("one_continuation_more", r"a\xC3\xA9\xA9z"), ("cut_in_two", r"a\xC3z"),
    ("cut_in_four", r"a\xF0\x9F\x98z"), ("cut_off_in_two", r"a\xC3"), ("cut_off_in_four", r"a\xF0\x9F\x98")]
NUL = [("nul_first", r"\x00a"), ("nul_last", r"a\x00"), ("nul_alone", r"\x00"), ("nul_in_two_levels", r"a\x00/\x00z")]
# In properties, of which there are many.
OF_PROPERTY = [t for t in ILL_FORMED if t[0] in {
    "low_surrogate_first", "overlong_uffff", "of_five_bytes", "continuation_first", "cut_in_four"}]
NUL_OF_PROPERTY = NUL[1:2]
