/* Strings that are no UTF-8, and those that look odd and are: 1.5.3 of 3.1.1, 1.5.4 of 5.0. As rows of
 * tables: `packet` is a macro that takes the string and makes the template, what follows is the same for all
 * of them, and their ids begin with `name`.
 */
#ifndef CASES_COMMON_STRINGS_H
#define CASES_COMMON_STRINGS_H

/* Every way to be ill-formed, in the middle of a string. */
#define ILL_FORMED(name, packet, ...)                                                        \
	ILL_FORMED_SHORT(name, packet, __VA_ARGS__),                                         \
		{ name "_low_surrogate", packet("a\\xED\\xBF\\xBFz"), __VA_ARGS__ },         \
		{ name "_overlong_nul", packet("a\\xC0\\x80z"), __VA_ARGS__ },               \
		{ name "_overlong_in_three", packet("a\\xE0\\x80\\xAFz"), __VA_ARGS__ },     \
		{ name "_lone_continuation", packet("a\\x80z"), __VA_ARGS__ },               \
		{ name "_cut_off_inside", packet("a\\xE2\\x82z"), __VA_ARGS__ },             \
		{ name "_above_10ffff", packet("a\\xF4\\x90\\x80\\x80z"), __VA_ARGS__ },     \
		{ name "_far_above_10ffff", packet("a\\xF5\\x80\\x80\\x80z"), __VA_ARGS__ }, \
		{ name "_ff", packet("a\\xFFz"), __VA_ARGS__ },                              \
		{ name "_far_in", packet("abcdefghijklmnopqrstu\\xC0\\xAFwxyzabcdefgh"),     \
			__VA_ARGS__ },                                                       \
	{                                                                                    \
		name "_further_in", packet("abcdefghijklmnopqrstuvwxyzabc\\x80efghijkl"),    \
			__VA_ARGS__                                                          \
	}

/* The plainest of them, for the many fields of properties. */
#define ILL_FORMED_SHORT(name, packet, ...)                                \
	{ name "_surrogate", packet("a\\xED\\xA0\\x80z"), __VA_ARGS__ },   \
		{ name "_overlong", packet("a\\xC0\\xAFz"), __VA_ARGS__ }, \
	{                                                                  \
		name "_cut_off", packet("a\\xE2\\x82"), __VA_ARGS__        \
	}

/* Well-formed, and forbidden all the same. */
#define NUL(name, packet, ...)                              \
	{                                                   \
		name "_nul", packet("a\\x00z"), __VA_ARGS__ \
	}

/* Control and non-characters, which a sender should not use and a receiver may refuse. */
#define DISCOURAGED_CHARACTERS(packet)                                                    \
	DISCOURAGED("u0001", packet("a\\x01z")), DISCOURAGED("u001f", packet("a\\x1Fz")), \
		DISCOURAGED("u007f", packet("a\\x7Fz")),                                  \
		DISCOURAGED("u0080", packet("a\\xC2\\x80z")),                             \
		DISCOURAGED("u009f", packet("a\\xC2\\x9Fz")),                             \
		DISCOURAGED("ufdd0", packet("a\\xEF\\xB7\\x90z")),                        \
		DISCOURAGED("uffff", packet("a\\xEF\\xBF\\xBFz"))
#define DISCOURAGED(name, template)                     \
	{                                               \
		name, template, .codes = { 0x81, 0x90 } \
	}

/* X(string) for the first and last characters of each length of UTF-8, and those next to what is
 * forbidden: U+00A0, U+07FF, U+0800, U+D7FF and U+E000 (the surrogates lie between), U+FFFD, U+10000,
 * U+10FFFD.
 */
#define BORDER_CHARACTERS(X) \
	X("\xC2\xA0")        \
	X("\xDF\xBF")        \
	X("\xE0\xA0\x80")    \
	X("\xED\x9F\xBF")    \
	X("\xEE\x80\x80") X("\xEF\xBF\xBD") X("\xF0\x90\x80\x80") X("\xF4\x8F\xBF\xBD")

#endif
