# ALTER EXTENSION pgmig UPDATE: every released version becomes the present one,
# with nothing lost and nothing different from a fresh installation.

use strict;
use warnings;

use Cwd            qw(abs_path);
use Digest::SHA    qw(sha256_hex);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = dirname(dirname(abs_path($0)));

# The scripts of released versions never change; nor do the scripts that lead
# from one of them to the next.
my %released = (
	'pgmig--1.0.sql' => 'bf413d08363dbaae3ac0e428d143c94cf0531b0e98320a369d7ca567de6e8548',
);

my ($version) = slurp_file("$top/pgmig.control") =~ /^default_version = '(.*)'$/m;
my @versions = map { /^pgmig--([^-]+)\.sql$/ } sort keys %released;

foreach my $script (sort keys %released)
{
	is(sha256_hex(slurp_file("$top/$script")), $released{$script}, "$script is frozen");
}

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
$node->append_conf('postgresql.conf', 'client_min_messages = warning');
$node->start;

# --- What there is ----------------------------------------------------------

# Every member of the extension and all that can be said of it, by name.
my $description = <<'SQL';
WITH member AS (
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
    FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'pgmig' AND d.deptype = 'e'
)
SELECT line FROM (
    SELECT format('%s: comment %s', name, obj_description(objid, classid::regclass::name)) FROM member
    UNION ALL
    SELECT pg_get_functiondef(p.oid) || coalesce(p.proacl::text, 'default') || pg_get_userbyid(p.proowner)
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
    UNION ALL
    SELECT format('%s: %s %s %s %s', m.name, coalesce(c.relacl::text, 'default'), c.reloptions, c.relrowsecurity, pg_get_userbyid(c.relowner))
    FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    UNION ALL
    SELECT format('%s.%s: %s %s %s %s %s %s %s', m.name, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  a.attcollation::regcollation, a.attidentity, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum))
    FROM member m JOIN pg_attribute a ON m.classid = 'pg_class'::regclass AND a.attrelid = m.objid AND a.attnum > 0
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('%s: %s %s %s', m.name, c.conname, pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint'))
    FROM member m JOIN pg_constraint c ON m.classid = 'pg_class'::regclass AND c.conrelid = m.objid
    UNION ALL
    SELECT format('%s: %s', m.name, pg_get_indexdef(i.indexrelid))
    FROM member m JOIN pg_index i ON m.classid = 'pg_class'::regclass AND i.indrelid = m.objid
    UNION ALL
    SELECT format('%s: %s %s %s', m.name, pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
    FROM member m JOIN pg_trigger t ON m.classid = 'pg_class'::regclass AND t.tgrelid = m.objid AND NOT t.tgisinternal
    UNION ALL
    SELECT format('%s: %s %s %s %s %s', m.name, e.evtevent, e.evtfoid::regproc, e.evtenabled, e.evttags, pg_get_userbyid(e.evtowner))
    FROM member m JOIN pg_event_trigger e ON m.classid = 'pg_event_trigger'::regclass AND e.oid = m.objid
    UNION ALL
    SELECT format('%s: acl %s', m.name, n.nspacl)
    FROM member m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid
    UNION ALL
    SELECT format('dumped: %s %s', u.relation::regclass, u.condition)
    FROM pg_extension, unnest(extconfig, extcondition) u (relation, condition) WHERE extname = 'pgmig'
    UNION ALL
    SELECT format('initial: %s %s', m.name, i.initprivs)
    FROM member m JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid
) description (line) ORDER BY line COLLATE "C"
SQL

# All rows of all tables: their number and a hash, which a failed test can show.
# A column that is new is null, a table that is new is empty.
sub contents
{
	my ($database) = @_;
	my @tables = split /\n/, $node->safe_psql($database,
		"SELECT oid::regclass FROM pg_class WHERE relnamespace = 'pgmig'::regnamespace AND relkind = 'r' ORDER BY 1");

	return join "\n", grep { !/: 0\|/ } map {
		"$_: " . $node->safe_psql($database,
			"SELECT count(*), md5(string_agg(json_strip_nulls(to_json(t))::text, ',' ORDER BY to_json(t)::text COLLATE \"C\")) FROM $_ t")
	} @tables, '(SELECT last_value FROM pgmig.run_run_seq)';
}

$node->safe_psql('postgres', 'CREATE ROLE dba LOGIN');
my %fresh;
foreach my $role ('superuser', 'dba')
{
	$node->safe_psql('postgres', "CREATE DATABASE fresh_$role OWNER dba");
	$node->safe_psql("fresh_$role", 'CREATE EXTENSION pgmig',
		extra_params => [ '-U', $role eq 'dba' ? 'dba' : scalar getpwuid($<) ]);
	$fresh{$role} = $node->safe_psql("fresh_$role", $description);
	like($fresh{$role}, qr/pgmig_upgrade/, "there is something to compare, installed by $role");
}

is($node->safe_psql('fresh_dba', 'SELECT pgmig_version()'), $version, 'the library has the version of the control file');
is($node->safe_psql('fresh_dba', "SELECT extversion FROM pg_extension WHERE extname = 'pgmig'"),
	$version, 'so has the extension');

# --- From each version ------------------------------------------------------

my $file = PostgreSQL::Test::Utils::tempdir() . '/documents';
append_to_file($file, join "\n", map { slurp_file($_) } sort glob "$top/migrations/*.sql");

foreach my $old (@versions)
{
	is($node->safe_psql('postgres', "SELECT path IS NOT NULL FROM pg_extension_update_paths('pgmig') WHERE source = '$old' AND target = '$version'"),
		't', "there is a way from $old to $version");
	foreach my $role ('superuser', 'dba')
	{
		my $name = "from ${old} as $role";
		my $db   = "from_${role}_" . ($old =~ tr/./_/r);
		my @as   = (extra_params => [ '-U', $role eq 'dba' ? 'dba' : scalar getpwuid($<) ]);

		$node->safe_psql('postgres', "CREATE DATABASE $db OWNER dba");
		# 1.0 was for superusers only; the extension may become another role's.
		$node->safe_psql($db, "CREATE EXTENSION pgmig VERSION '$old'");
		$node->safe_psql($db, "UPDATE pg_extension SET extowner = 'dba'::regrole WHERE extname = 'pgmig'")
		  if $role eq 'dba';

		# A history in the middle of its life.
		$node->safe_psql($db, <<SQL);
\\set doc `cat $file`
SELECT count(*) FROM pgmig_import(:'doc', 'migrations');
SET client_min_messages = error;
CREATE SCHEMA tenant;
SELECT pgmig_upgrade((SELECT revision FROM pgmig_plan('head') WHERE step = 30));
SET pgmig.scope = 'tenant';
SELECT pgmig_stamp((SELECT revision FROM pgmig_plan('head') WHERE step = 20));
RESET pgmig.scope;
SELECT pgmig_revision('Half-done', rev_id => 'half_done', head => 'base', transactional => false,
    upgrade => 'CREATE TABLE half_done (id int); CREATE INDEX CONCURRENTLY ON missing (id);');
SQL
		my ($rc, $out, $err) = $node->psql($db, "CALL pgmig_upgrade_stepwise('half_done')");
		like($err, qr/relation "missing" does not exist/, "$name: a revision is half-done");

		# The library is newer: it records no schema, as there is no table for it.
		isnt(($node->psql($db, 'SELECT * FROM pgmig_check()'))[0], 0, "$name: no check before the update");
		is($node->safe_psql($db, q{SELECT to_regclass('pgmig.snapshot'), count(*) > 0 FROM pgmig.run}), '|t',
			"$name: runs record no schema before it");

		my $before = contents($db);
		like($before, qr/pgmig\.unfinished: 1\|/, "$name: the tables have rows");
		$node->safe_psql($db, 'ALTER EXTENSION pgmig UPDATE', @as);
		is($node->safe_psql($db, "SELECT extversion FROM pg_extension WHERE extname = 'pgmig'"),
			$version, "$name: it is the present version");
		is(contents($db), $before, "$name: the same rows are in the tables");
		is($node->safe_psql($db, $description), $fresh{$role}, "$name: the same as a fresh installation");

		# Nothing is known of the schema, until a run or somebody says that it is right.
		my $found = q{SELECT DISTINCT "check", found, hint FROM pgmig_check() WHERE "check" NOT IN ('pending', 'heads', 'unfinished')};
		is($node->safe_psql($db, $found),
			q{snapshot|none was made|Compare the schema by other means, then SELECT pgmig_accept('reason').},
			"$name: there is no record of the schema");
		is($node->safe_psql($db, 'SELECT pgmig_recorded() IS NULL'), 't', "$name: none at all");
		$node->safe_psql($db, q{SELECT pgmig_accept('after the update')}, @as);
		is($node->safe_psql($db, $found), '', "$name: the schema is accepted");
		$node->safe_psql($db, 'CREATE TABLE by_hand ()');
		is($node->safe_psql($db, q{SELECT identity FROM pgmig_check() WHERE "check" = 'drift'}), 'public.by_hand', "$name: what differs from it is found");
		$node->safe_psql($db, 'DROP TABLE by_hand');
		$node->safe_psql($db, qq{SET pgmig.scope = 'tenant'; SELECT pgmig_accept('after the update')}, @as);
		is($node->safe_psql($db, "SET pgmig.scope = 'tenant'; $found"), '', "$name: and each scope's is");

		# And on it goes.
		$node->safe_psql($db, <<'SQL');
SET client_min_messages = error;
CREATE TABLE missing (id int);
CALL pgmig_upgrade_stepwise('half_done');
SELECT pgmig_upgrade('heads');
SQL
		is($node->safe_psql($db, 'SELECT pending FROM pgmig_status()'), 0, "$name: the rest is applied");
		$node->safe_psql($db, <<'SQL');
SET client_min_messages = error;
SET pgmig."concurrently" = off;
SELECT pgmig_edit('half_done', downgrade => 'DROP TABLE half_done');
SELECT pgmig_downgrade('base');
SQL
		is($node->safe_psql($db, 'SELECT applied FROM pgmig_status()'), 0, "$name: and undone");
		is($node->safe_psql($db, $found), '', "$name: no drift");

		# A dump of the upgraded database is like one of a fresh one.
		$node->safe_psql('postgres', "CREATE DATABASE ${db}_restored OWNER dba");
		my $dump = PostgreSQL::Test::Utils::tempdir() . "/$db.dump";
		command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr($db) ], "$name: dumped");
		command_ok([ 'pg_restore', '-e', '-d', $node->connstr("${db}_restored"), $dump ], "$name: restored");
		is(contents("${db}_restored"), contents($db), "$name: with all rows");
		is($node->safe_psql("${db}_restored", $found), '', "$name: no drift there");
	}
}

done_testing();
