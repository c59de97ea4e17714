#include "cli/out_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/output.h"
#include "cli/target_path.h"
#include "record/record.h"

static const char home[] = "out"; /* of the runs whose user names no folder */

enum { TARGET_LENGTH_MAX = 40 /* in the name of a folder */ };

/* ---- the name ------------------------------------------------------------------------------ */

/* "mqtt://127.0.0.1:1883" becomes "mqtt-127.0.0.1-1883", "ci/my-broker.ini" "my-broker". */
static const char *name_of_target(struct arena *a, const char *target)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
	const char *slash = strrchr(target, '/');
	char *name = arena_alloc(a, TARGET_LENGTH_MAX + 1);
	size_t len = 0;

	if (target_is_file_name(target)) {
		target = slash ? slash + 1 : target;
		target = arena_printf(a, "%.*s", (int)strlen(target) - 4, target);
	}
	for (; *target && len < TARGET_LENGTH_MAX; target++) {
		if (strchr(plain, *target))
			name[len++] = *target;
		else if (len && name[len - 1] != '-')
			name[len++] = '-';
	}
	name[len] = '\0';
	return name;
}

const char *out_folder_make(struct arena *a, const char *target, int64_t started_us)
{
	time_t seconds = (time_t)(started_us / 1000000);
	struct tm local;
	char date[32];

	localtime_r(&seconds, &local);
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M", &local);
	const char *name = arena_printf(a, "%s/%s-%s", home, date, name_of_target(a, target));
	const char *own = name;
	output_make_folder(a, home);
	for (unsigned i = 2; mkdir(own, 0777) && errno == EEXIST; i++)
		own = arena_printf(a, "%s-%u", name, i);
	return own;
}

void out_folder_link(struct arena *a, const char *path)
{
	const char *latest = arena_printf(a, "%s/latest", home);
	const char *fresh = arena_printf(a, "%s/.latest-%d", home, (int)getpid());
	struct stat st;

	if (lstat(latest, &st) == 0 && !S_ISLNK(st.st_mode))
		return;
	if (symlink(path + strlen(home) + 1, fresh) == 0 && rename(fresh, latest))
		unlink(fresh);
}

/* ---- the folder ---------------------------------------------------------------------------- */

static void remove_capture(struct arena *a, const char *folder, const char *path)
{
	static const char inside[] = "pcap/";

	if (path && !strncmp(path, inside, strlen(inside)) && !strchr(path + strlen(inside), '/'))
		unlink(arena_printf(a, "%s/%s", folder, path));
}

/* Ours, since the record of an earlier run names them. */
static void remove_captures(const char *folder, const char *record)
{
	struct arena a;
	struct record_file file;
	const char *error;

	arena_init(&a);
	if (record_load(&a, record, &file, &error))
		for (size_t i = 0; i < file.case_count; i++) {
			remove_capture(&a, folder, file.cases[i].pcap);
			remove_capture(&a, folder, file.cases[i].wire);
		}
	arena_fini(&a);
}

/* Emptied, with what belongs to it, only when nobody else writes to it. */
static FILE *open_locked(const char *folder, const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);

	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		remove_captures(folder, path);
		if (ftruncate(fd, 0) == 0)
			return fdopen(fd, "w");
	}
	int e = errno;
	close(fd);
	errno = e;
	return NULL;
}

static bool can_write_into(const char *folder)
{
	return access(folder, W_OK | X_OK) == 0;
}

static const char *sentence(struct arena *a, const char *path)
{
	if (errno == EWOULDBLOCK)
		return arena_printf(a, "%s: another run writes to it; choose another --out", path);
	return arena_printf(a, "%s: %s", path, strerror(errno));
}

bool out_folder_open(struct arena *a, const char *path, struct out_folder *out, const char **error)
{
	const char *pcap = arena_printf(a, "%s/pcap", path);
	const char *record = arena_printf(a, "%s/run.jsonl", path);
	const char *log = arena_printf(a, "%s/target.log", path);
	const char *at = path;

	*out = (struct out_folder){ .path = path };
	bool ok = output_make_folder(a, path);
	if (ok)
		ok = output_make_folder(a, at = pcap) && can_write_into(pcap);
	if (ok)
		ok = (out->record = open_locked(path, at = record)) != NULL;
	if (ok)
		ok = (out->log = fopen(at = log, "we")) != NULL;
	if (ok)
		return true;
	*error = sentence(a, at);
	out_folder_close(out);
	return false;
}

bool out_folder_close(struct out_folder *out)
{
	int e = 0;

	if (out->record && fclose(out->record))
		e = errno;
	if (out->log)
		fclose(out->log);
	*out = (struct out_folder){ 0 };
	errno = e;
	return e == 0;
}
