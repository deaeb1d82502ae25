/*-------------------------------------------------------------------------
 *
 * kind.c
 *	  The kinds of objects that a snapshot describes, and what it leaves out.
 *
 * docs/snapshot.md says how to add one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "catalog/pg_namespace.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* In this order they are read and shown: what contains others comes first. */
static const ObjectKind *const groups[] = {
	pgmig_schema_database_kinds,
	pgmig_schema_type_kinds,
	pgmig_schema_routine_kinds,
	pgmig_schema_relation_kinds,
	pgmig_schema_table_kinds,
	pgmig_schema_other_kinds,
};

/*
 * Catalogs of a database whose rows are described with other objects, or are
 * left out on purpose.
 */
static const LeftOutCatalog left_out[] = {
	{"pg_aggregate", "described with aggregate"},
	{"pg_amop", "described with operator family and operator class"},
	{"pg_amproc", "described with operator family and operator class"},
	{"pg_attrdef", "described with column"},
	{"pg_attribute", "described with column"},
	{"pg_auth_members", "left out: roles belong to the server"},
	{"pg_authid", "left out: roles belong to the server"},
	{"pg_database", "left out: the database itself"},
	{"pg_db_role_setting", "left out: settings of roles and of the database"},
	{"pg_depend", "described with each object, as depends"},
	{"pg_description", "described with each object, as comment"},
	{"pg_enum", "described with enum"},
	{"pg_foreign_table", "described with foreign table"},
	{"pg_index", "described with index"},
	{"pg_inherits", "described with table and index"},
	{"pg_init_privs", "described with grants, as what they start from"},
	{"pg_largeobject", "left out: data"},
	{"pg_largeobject_metadata", "left out: data"},
	{"pg_parameter_acl", "left out: rights on settings of the server"},
	{"pg_partitioned_table", "described with table"},
	{"pg_publication_namespace", "described with publication"},
	{"pg_publication_rel", "described with publication"},
	{"pg_range", "described with range type"},
	{"pg_replication_origin", "left out: state of replication"},
	{"pg_seclabel",
	 "described with each object, as security_label and its provider"},
	{"pg_sequence", "described with sequence"},
	{"pg_shdepend", "left out: owners and grants are read from the objects"},
	{"pg_shdescription", "left out: comments on databases and roles"},
	{"pg_shseclabel", "left out: security labels of databases and roles"},
	{"pg_statistic", "left out: data"},
	{"pg_statistic_ext_data", "left out: data"},
	{"pg_subscription_rel", "left out: state of replication"},
	{"pg_tablespace", "left out: tablespaces belong to the server"},
	{"pg_ts_config_map", "described with text search configuration"},
};

/* The number of kinds. */
int
pgmig_schema_kind_count(void)
{
	static int count = 0;

	if (count == 0)
		for (int i = 0; i < lengthof(groups); i++)
			for (const ObjectKind *kind = groups[i]; kind->name; kind++)
				count++;
	return count;
}

/* A kind by its place in the order, from 0. */
const ObjectKind *
pgmig_schema_kind(int number)
{
	for (int i = 0; i < lengthof(groups); i++)
		for (const ObjectKind *kind = groups[i]; kind->name; kind++)
			if (number-- == 0)
				return kind;
	elog(ERROR, "there is no such kind of object");
}

/* A kind by its name, which need not end with a null; NULL if there is none. */
const ObjectKind *
pgmig_schema_kind_by_name(const char *name, int length)
{
	for (int i = 0; i < lengthof(groups); i++)
		for (const ObjectKind *kind = groups[i]; kind->name; kind++)
			if (strlen(kind->name) == length &&
				memcmp(kind->name, name, length) == 0)
				return kind;
	return NULL;
}

/* The place of a kind in the order, from 0. */
int
pgmig_schema_kind_order(const ObjectKind *kind)
{
	int before = 0;

	for (int i = 0; i < lengthof(groups); i++)
		for (const ObjectKind *other = groups[i]; other->name; other++)
		{
			if (other == kind)
				return before;
			before++;
		}
	elog(ERROR, "there is no such kind of object");
}

/* Its name. */
const char *
pgmig_schema_kind_name(const ObjectKind *kind)
{
	return kind->name;
}

static void
put(ReturnSetInfo *result, const char *kind, Oid catalog, const char *note)
{
	Datum values[3] = {0};
	bool nulls[3] = {kind == NULL, false, note == NULL};

	if (kind != NULL)
		values[0] = CStringGetTextDatum(kind);
	values[1] = ObjectIdGetDatum(catalog);
	if (note != NULL)
		values[2] = CStringGetTextDatum(note);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(pgmig_kinds);

/*
 * pgmig_kinds(): the kinds of objects that a snapshot describes, each with
 * the catalog that has it, and the catalogs that have none, with the reason.
 */
Datum
pgmig_kinds(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < pgmig_schema_kind_count(); i++)
	{
		const ObjectKind *kind = pgmig_schema_kind(i);

		put(result,
			kind->name,
			kind->catalog,
			kind->system ? "only rights, where they were changed" : NULL);
	}
	for (int i = 0; i < lengthof(left_out); i++)
	{
		Oid catalog =
			get_relname_relid(left_out[i].catalog, PG_CATALOG_NAMESPACE);

		if (OidIsValid(catalog))
			put(result, NULL, catalog, left_out[i].reason);
	}
	return (Datum) 0;
}
