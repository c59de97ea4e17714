/* What a recipe has installed: targets/install/NAME brings a broker into a folder of its own, and the
 * target's file names that recipe (`install = NAME`) and reaches into the folder ({installed}).
 *
 *   FOLDER/version     one line, written when all the rest is there
 */
#ifndef HARNESS_TARGET_INSTALL_H
#define HARNESS_TARGET_INSTALL_H

#include <stdbool.h>

struct arena;
struct target_file;

bool target_install_is_name(const char *text);

/* $MQTTSPEC_INSTALLED/NAME, or ~/.local/share/mqttspec/targets/NAME: where the recipes put it, too. Without a
 * recipe "". In the arena.
 */
const char *target_install_folder(struct arena *a, const struct target_file *file);

/* The path of its recipe, beside its file; "" without one. In the arena. */
const char *target_install_recipe(struct arena *a, const struct target_file *file);

/* NULL: it has no recipe, or is installed. Else a sentence with the recipe to run. */
const char *target_install_lack(struct arena *a, const struct target_file *file);

/* What its recipe says it has installed; NULL: nothing. */
const char *target_install_version(struct arena *a, const struct target_file *file);

#endif
