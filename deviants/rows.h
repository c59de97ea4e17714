/* What tables of deviations are written with: a row is
 *
 *   { "name", "statements", "what it does", { { way, P(TYPE), { conditions }, action, argument }, ... } },
 */
#ifndef DEVIANTS_ROWS_H
#define DEVIANTS_ROWS_H

#include "deviants/deviation.h"
#include "deviants/properties.h"
#include "deviants/then.h"
#include "deviants/then_around.h"
#include "deviants/then_client.h"
#include "deviants/then_command.h"
#include "deviants/then_connect.h"
#include "deviants/then_filters.h"
#include "deviants/then_mend.h"
#include "deviants/then_properties.h"
#include "deviants/then_recall.h"
#include "deviants/then_taken.h"
#include "deviants/then_world.h"
#include "deviants/when.h"
#include "deviants/when_around.h"
#include "deviants/when_before.h"
#include "deviants/when_client.h"
#include "deviants/when_form.h"
#include "deviants/when_taken.h"
#include "deviants/when_wrong.h"

#define P(type) SPEC_PACKET(type)

#endif
