#include "cli/site_capture.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "cli/site_folder.h"
#include "record/record.h"
#include "reports/runs.h"
#include "reports/site/site.h"

/* A run puts them into one folder; whatever else a record says may lead anywhere. */
static bool is_ours(const char *path)
{
	static const char folder[] = "pcap/", suffix[] = ".pcapng";
	size_t length = strlen(path);

	return length > strlen(folder) + strlen(suffix) && !strncmp(path, folder, strlen(folder)) &&
		!strchr(path + strlen(folder), '/') &&
		!strcmp(path + length - strlen(suffix), suffix);
}

static const char *file_of(struct arena *a, const struct run_case *c)
{
	return arena_printf(a, "%s/%s", c->source->folder, c->record->pcap);
}

static bool is_there(struct arena *a, const struct run_case *c)
{
	struct stat st;

	return is_ours(c->record->pcap) && lstat(file_of(a, c), &st) == 0 && S_ISREG(st.st_mode);
}

void site_capture_choose(struct arena *a, struct runs *runs, bool none)
{
	for (size_t i = 0; i < runs->case_count; i++) {
		struct run_case *c = &runs->cases[i];
		bool keep = !none && c->record->pcap && is_there(a, c);
		if (keep && !c->record->wire)
			continue;
		if (!c->record->pcap && !c->record->wire)
			continue;
		struct record_case *copy = arena_copy(a, c->record, sizeof(*copy));
		copy->pcap = keep ? copy->pcap : NULL;
		copy->wire = NULL;
		c->record = copy;
	}
}

static bool copy_version(
	struct arena *a, const struct site_version *version, struct site_folder *to)
{
	for (size_t i = 0; i < version->runs->case_count; i++) {
		const struct run_case *c = &version->runs->cases[i];
		if (c->record->pcap &&
			!site_folder_copy(to, file_of(a, c),
				arena_printf(a, "%s%s", version->way, c->record->pcap)))
			return false;
	}
	return true;
}

bool site_capture_copy(struct arena *a, const struct site *site, struct site_folder *to)
{
	for (size_t t = 0; t < site->target_count; t++)
		for (size_t v = 0; v < site->targets[t].version_count; v++)
			if (!copy_version(a, &site->targets[t].versions[v], to))
				return false;
	return true;
}
