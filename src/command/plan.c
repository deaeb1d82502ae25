/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  The plan and the graph, shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "run/target.h"

#define PLAN_COLUMNS 6

PG_FUNCTION_INFO_V1(pgmig_plan);

/*
 * pgmig_plan(target text, direction text): the steps that a run would take.
 *
 * statements is null for the downgrade of an irreversible revision.
 */
Datum
pgmig_plan(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	char *target = pgmig_run_target(fcinfo, 0);
	bool downgrade = pgmig_run_is_downgrade(fcinfo, 1);
	int step = 0;
	List *plan;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	plan = downgrade ? pgmig_plan_downgrade(graph, target)
					 : pgmig_plan_upgrade(graph, list_make1(target));
	foreach(lc, plan)
	{
		GraphNode *node = lfirst(lc);
		Datum values[PLAN_COLUMNS];
		bool nulls[PLAN_COLUMNS] = {false};

		values[0] = Int32GetDatum(++step);
		values[1] = CStringGetTextDatum(downgrade ? "downgrade" : "upgrade");
		values[2] = CStringGetTextDatum(node->id);
		values[3] = CStringGetTextDatum(node->message);
		values[4] = BoolGetDatum(downgrade ? node->downgrade_transactional
										   : node->upgrade_transactional);
		values[5] = Int32GetDatum(downgrade ? node->downgrade_statements
											: node->upgrade_statements);
		nulls[5] = downgrade && node->downgrade_statements < 0;
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_graph);

/*
 * pgmig_graph(format text): the graph drawn, a line a row.
 */
Datum
pgmig_graph(PG_FUNCTION_ARGS)
{
	char *format = pgmig_run_optional(fcinfo, 0);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	foreach(lc,
			pgmig_draw(pgmig_catalog_graph(), format == NULL ? "" : format))
	{
		Datum value = CStringGetTextDatum(lfirst(lc));
		bool isnull = false;

		pgmig_command_put(fcinfo, &value, &isnull);
	}
	return (Datum) 0;
}
