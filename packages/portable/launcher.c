/* Starts the program of its own name out of the portable archive, with the C library and all others that lie there, so
 * that it runs on any Linux of this architecture, whatever that has.
 *
 *      ROOT/bin/NAME      this program, once for each
 *      ROOT/bin/loader    the dynamic loader: it becomes the process, so that programs find each other beside it
 *      ROOT/lib/          the libraries
 *      ROOT/programs/NAME
 *
 * ROOT is the parent of the folder in which this lies, or lib/mqttspec there (where a Python wheel puts it).
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_BEFORE = 6, EXIT_CANNOT = 3 };

/* Certificates that a system trusts are in one of these; OpenSSL would look where Debian has them. */
static const char *const bundles[] = { "/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };

static bool join(char out[static PATH_MAX], const char *a, const char *b, const char *c)
{
	return snprintf(out, PATH_MAX, "%s%s%s", a, b, c) < PATH_MAX;
}

static bool find_root(char root[static PATH_MAX], const char *folder)
{
	static const char *const places[] = { "/..", "/../lib/mqttspec" };
	char loader[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (join(root, folder, places[i], "") && join(loader, root, "/bin/loader", "") &&
			!access(loader, X_OK))
			return true;
	return false;
}

static void trust_what_the_system_trusts(void)
{
	if (getenv("SSL_CERT_FILE") || getenv("SSL_CERT_DIR"))
		return;
	for (size_t i = 0; i < sizeof(bundles) / sizeof(*bundles); i++)
		if (!access(bundles[i], R_OK)) {
			setenv("SSL_CERT_FILE", bundles[i], 1);
			return;
		}
}

/* NAME: the loader, its words, and then what NAME was given. */
static int become(const char *root, char *name, char **given, size_t count)
{
	char loader[PATH_MAX], libraries[PATH_MAX], program[PATH_MAX];
	char **words = calloc(WORDS_BEFORE + count + 1, sizeof(*words));

	if (!words || !join(loader, root, "/bin/loader", "") ||
		!join(libraries, root, "/lib", "") || !join(program, root, "/programs/", name)) {
		fprintf(stderr, "%s: its path is too long\n", name);
		return EXIT_CANNOT;
	}
	char *before[WORDS_BEFORE] = { loader, (char[]){ "--library-path" }, libraries,
		(char[]){ "--argv0" }, name, program };
	memcpy(words, before, sizeof(before));
	memcpy(words + WORDS_BEFORE, given, count * sizeof(*given));
	execv(loader, words);
	fprintf(stderr, "%s: %s cannot be executed: %s\n", name, loader, strerror(errno));
	free(words);
	return EXIT_CANNOT;
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], root[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash) {
		fputs("mqttspec: /proc is not there\n", stderr);
		return EXIT_CANNOT;
	}
	*slash = '\0';
	if (!find_root(root, self)) {
		fprintf(stderr, "%s: what belongs to it is not beside %s\n", slash + 1, self);
		return EXIT_CANNOT;
	}
	trust_what_the_system_trusts();
	setenv("LD_BIND_NOW", "1", 1); /* the broker wants it, and would execute itself again */
	return become(root, slash + 1, argv + 1, argc ? (size_t)argc - 1 : 0);
}
