# Snapshots, fingerprints and differences of schemas, with pg_dump as the judge.
#
# t/data/snapshot has a schema with everything, mutations of it, and
# fingerprints that have to be the same on all servers.  PgmigSchema makes
# random schemas.
#
#	PGMIG_SCHEMAS	number of random schemas, default 4
#	PGMIG_SEED		of the first one

use strict;
use warnings FATAL => 'all';

use File::Basename;
use FindBin;
use lib $FindBin::RealBin;

use PgmigSchema;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = dirname(__FILE__) . '/data/snapshot';
my $seed = $ENV{PGMIG_SEED} // int(rand(1_000_000));

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
full_page_writes = off
wal_level = logical
autovacuum = off
jit = off
max_logical_replication_workers = 0
log_min_messages = fatal
client_min_messages = error
});
$node->start;

my $version = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);
my $contrib = $node->safe_psql('postgres',
	"SELECT count(*) = 5 FROM pg_available_extension_versions WHERE (name, version) IN (('citext', '1.4'), ('citext', '1.5'), ('cube', '1.5'), ('uuid-ossp', '1.1'), ('postgres_fdw', '1.1'))") eq 't';

plan skip_all => 'this server has no ICU'
  if !$node->safe_psql('postgres', "SELECT count(*) FROM pg_collation WHERE collprovider = 'i'");

# The rows of a query, by separators that are in no name.
sub rows
{
	my ($db, $sql, @params) = @_;
	my ($rc, $out, $err) = $node->psql($db, $sql, extra_params => [ '-F', "\x1f", '-R', "\x1e", @params ]);

	die "$sql: $err" if $rc != 0 || $err ne '';
	return map { [ split /\x1f/, $_, -1 ] } split /\x1e/, $out;
}

# A database with t/data/snapshot/schema.sql, and pgmig.
sub make_schema
{
	my ($db, %has) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	my @variables = map { ('-v', "v$_=" . ($has{newer} && $version >= $_ ? 'on' : 'off')) } 16 .. 19;
	my ($out, $err) = run_command([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', @variables, '-v', 'contrib=' . ($has{newer} && $contrib ? 'on' : 'off'),
		'-f', "$data/schema.sql", '-d', $node->connstr($db), '-U', 'dba' ]);
	is($err, '', "$db: made");
	$node->safe_psql($db, 'CREATE EXTENSION pgmig');
	return;
}

run_command([ 'psql', '-Xq', '-f', "$data/roles.sql", '-d', $node->connstr('postgres') ]);
$node->safe_psql('postgres', 'CREATE ROLE dba_two SUPERUSER LOGIN');
$node->psql('postgres', "SET allow_in_place_tablespaces = on;\nCREATE TABLESPACE pgmig_space LOCATION '';");
make_schema('core');
make_schema('everything', newer => 1);

# --- Catalogs ---------------------------------------------------------------

# Whatever a catalog has is described, or left out on purpose.
is( $node->safe_psql(
		'core', q{
SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid NOT IN (SELECT catalog FROM pgmig_kinds())}),
	'', 'all catalogs are in pgmig_kinds()');
is($node->safe_psql('core', "SELECT string_agg(catalog::text, ' ') FROM pgmig_kinds() WHERE kind IS NULL AND note IS NULL"), '', 'what is left out has a reason');
is($node->safe_psql('core', "SELECT string_agg(kind, ', ') FROM pgmig_kinds() WHERE kind NOT IN (SELECT jsonb_object_keys(pgmig_snapshot() -> 'objects'))"),
	'system foreign-data wrapper', 'the schema has objects of all other kinds');

# --- The same on all servers ------------------------------------------------

my %expected = map { chomp; split / /, $_, 2 } grep { !/^#/ } split /^/m, slurp_file("$data/fingerprints");
my %got;
$node->safe_psql('postgres', 'CREATE DATABASE history OWNER dba TEMPLATE template0');
$node->safe_psql('history', q{CREATE EXTENSION pgmig; SELECT count(*) FROM pgmig_load('migrations'); SELECT count(*) FROM pgmig_upgrade('head')}, extra_params => [ '-U', 'dba' ]);
foreach my $db ('core', 'history')
{
	foreach my $mode ('strict', 'logical')
	{
		is($node->safe_psql($db, "SELECT pgmig_fingerprint('$mode')"), $expected{"$db-$mode"}, "$db: $mode fingerprint as on other servers");
	}
}

# --- Mutations --------------------------------------------------------------

# The file's conditions: a server's version from or up to which it holds, or
# that extensions are there.
sub holds
{
	my ($condition) = @_;

	return $contrib if $condition eq 'contrib';
	return $version <= -$condition if $condition < 0;
	return $version >= $condition;
}

my (@settings, @mutations);
foreach my $line (split /\n/, slurp_file("$data/mutations"))
{
	next if $line =~ /^\s*(#|$)/;
	if ($line =~ /^\\set/) { push @settings, $line; next; }
	my $indented = $line =~ s/^\t//;
	my $applies = $line !~ s/^\[([-\w ]+)\] // || !grep { !holds($_) } split / /, $1;

	if (!$indented)
	{
		push @mutations, { sql => $line, applies => $applies, rows => [], line => $line };
	}
	elsif ($line eq 'logical: same')
	{
		$mutations[-1]{logical} = 1;
	}
	elsif ($applies)
	{
		push @{ $mutations[-1]{rows} }, [ map { s/^ | $//gr } split /\|/, $line, -1 ];
	}
}
@mutations = grep { $_->{applies} } @mutations;
cmp_ok(scalar @mutations, '>=', 150, 'mutations: ' . @mutations);

# All in one session: each in a transaction of its own that is rolled back.
my $properties = q{SELECT DISTINCT k.key AS kind, p.key AS property FROM jsonb_each(now -> 'objects') k, jsonb_each(k.value) o, jsonb_each(o.value) p WHERE p.key NOT IN ('parent', 'depends')};
my $script = join "\n", @settings, q{
SET search_path = app, public;
SET check_function_bodies = off;
CREATE TEMP TABLE before AS SELECT pgmig_snapshot() AS snapshot, pgmig_fingerprint() AS strict;
CREATE TEMP TABLE after (now jsonb);
CREATE TEMP TABLE property AS SELECT p.* FROM pgmig_snapshot() AS now, LATERAL (} . $properties . q{) p;
SELECT 'property', kind, property FROM property;
\set mark 'UPDATE before SET snapshot = pgmig_snapshot();'
};
foreach my $i (0 .. $#mutations)
{
	$script .= "SELECT 'mutation', $i;\nBEGIN;\n$mutations[$i]{sql}\n" . qq{
INSERT INTO after SELECT pgmig_snapshot();
SELECT 'row', change, kind, identity, coalesce(property, ''), coalesce(a_value, ''), coalesce(b_value, '') FROM before, after, pgmig_compare(snapshot, now);
SELECT 'same', pgmig_fingerprint(snapshot) = pgmig_fingerprint(now), pgmig_fingerprint(snapshot, 'logical') = pgmig_fingerprint(now, 'logical') FROM before, after;
SELECT 'property', p.* FROM after, LATERAL ($properties EXCEPT TABLE property) p;
ROLLBACK;
};
	# What is not undone shows sooner or later.
	$script .= "SELECT 'changed' FROM before WHERE strict <> pgmig_fingerprint();\n" if $i % 10 == 0 || $i == $#mutations;
}
$script .= "SELECT 'mutation', -1;\n";
my ($rc, $out, $err) = $node->psql('everything', $script, on_error_stop => 0, on_error_die => 0, extra_params => [ '-U', 'dba', '-F', "\x1f", '-R', "\x1e" ]);
my ($mutation, %property, %hit);

sub check_mutation
{
	my ($m) = @_;
	my @problems = @{ $m->{problems} // [] };
	my %expected = map { join(' | ', map { $_ // '' } @$_[ 0 .. 3 ]) => $_ } @{ $m->{rows} };

	foreach my $row (@{ $m->{got} })
	{
		my $name = join ' | ', @$row[ 0 .. 3 ];
		my $wanted = delete $expected{$name};

		if (!$wanted) { push @problems, "not expected: $name"; next; }
		next if @$wanted < 5;
		foreach my $value (4, 5)
		{
			my ($is, $should) = map { s/^\s+|\s+$//gr } ($row->[$value], $wanted->[$value] // '');

			push @problems, "$name: \"$is\" instead of \"$should\"" if $is ne $should;
		}
	}
	push @problems, map { "missing: $_" } sort keys %expected;
	push @problems, 'no result: see the log' if !$m->{same};
	push @problems, 'the strict fingerprint is the same' if $m->{same} && $m->{same}[0] eq 't';
	push @problems, 'the logical fingerprint is ' . ($m->{logical} ? 'another one' : 'the same') if $m->{same} && ($m->{same}[1] eq 't') != ($m->{logical} // 0);
	ok(!@problems, substr($m->{sql}, 0, 150)) or diag(join "\n", $m->{sql}, @problems);
	return;
}

# psql ends each result with the line's end that separates rows.
foreach my $field (map { [ split /\x1f/, $_, -1 ] } grep { $_ ne '' } map { s/^\n//r } split /\x1e|\n(?=(?:mutation|row|same|property|changed)(?:\x1f|\n|\z))/, $out)
{
	my $what = shift @$field;

	if ($what eq 'mutation')
	{
		check_mutation($mutation) if $mutation;
		$mutation = $field->[0] >= 0 ? $mutations[ $field->[0] ] : undef;
	}
	elsif ($what eq 'property') { $property{"$field->[0].$field->[1]"} = 1; }
	elsif ($what eq 'row')
	{
		push @{ $mutation->{got} }, $field;
		$hit{"$field->[1].$1"} = 1 if $field->[0] eq 'changed' && $field->[3] =~ /^([^.]*)/;
		$hit{"$field->[0] $field->[1]"} = 1;
	}
	elsif ($what eq 'same')    { $mutation->{same} = $field; }
	elsif ($what eq 'changed') { push @{ $mutation->{problems} }, 'not undone'; }
}
diag($err) if $err ne '';

# Each property of each kind was changed, but for those that cannot be.
my %constant = map { $_ => 1 } (
	'aggregate.volatility', 'procedure.volatility', 'procedure.parallel',    # cannot be set
	'default privileges.owner',                                              # a part of the identity
);
is(join(', ', grep { !$hit{$_} && !$constant{$_} } sort keys %property), '', 'there is a mutation of each property');
is(join(', ', grep { !$property{$_} } sort keys %constant), '', 'those without one exist');
foreach my $change ('added', 'removed')
{
	is($node->safe_psql('everything', "SELECT string_agg(kind, ', ') FROM pgmig_kinds() WHERE kind <> ALL ('{" . join(',', map { s/^$change //r } grep { /^$change / } keys %hit) . "}')"),
		$contrib ? '' : 'extension, system foreign-data wrapper', "an object of each kind was $change");
}

# --- Dependencies -----------------------------------------------------------

my $edges = q{
WITH object AS (
    SELECT k.key AS kind, o.key AS identity, o.value FROM jsonb_each(pgmig_snapshot() -> 'objects') k, jsonb_each(k.value) o
), edge AS (
    SELECT o.kind, o.identity, d.key AS on_kind, e AS on_identity FROM object o, jsonb_each(o.value -> 'depends') d, jsonb_array_elements_text(d.value) e
), parent AS (
    SELECT o.kind, o.identity, p.key AS on_kind, p.value AS on_identity FROM object o, jsonb_each_text(o.value -> 'parent') p
)};
is(join('; ', map { join ' ', @$_ } rows('everything', "$edges SELECT e.* FROM (TABLE edge UNION ALL TABLE parent) e LEFT JOIN object o ON o.kind = on_kind AND o.identity = on_identity WHERE o.kind IS NULL ORDER BY 1, 2")), '', 'what an object depends on is described');
is(join('; ', map { join ' ', @$_ } rows('everything', "$edges SELECT * FROM edge WHERE (kind, identity) = (on_kind, on_identity)")), '', 'no object depends on itself');

# A column stands for its table.
my %parent = map { ("$_->[0] $_->[1]" => "$_->[2] $_->[3]") } rows('everything', "$edges TABLE parent");
my %needs;
push @{ $needs{"$_->[0] $_->[1]"} }, "$_->[2] $_->[3]" foreach rows('everything', "$edges TABLE edge");
foreach my $edge (
	[ 'view app.rich', 'table app.customer' ], [ 'view app.rich', 'column app.customer.credit' ], [ 'view app."Rich.2"', 'view app.rich' ],
	[ 'view app."Rich.2"', 'function app.plus(integer, integer)' ], [ 'column "Odd.Näme ""1"""."T,a""b;l e"."Ünï"', 'sequence "Odd.Näme ""1"""."T,a""b;l e_Ünï_seq"' ],
	[ 'index app.customer_born', 'column app.customer.born' ], [ 'index app.customer_near', 'operator class app.near USING gist' ], [ 'constraint orders_customer on app.orders', 'table app.customer' ],
	[ 'column app.customer.mood', 'enum app.mood' ], [ 'column app.customer.home', 'composite type app.address' ], [ 'column app.address.zip', 'domain app.code' ], [ 'domain app.code_of_code', 'domain app.code' ],
	[ 'table app.child', 'table app.parent' ], [ 'table app.orders_2020', 'table app.orders' ], [ 'table app.typed', 'composite type app.address' ], [ 'trigger customer_touch on app.customer', 'function app.touch()' ],
	[ 'event trigger watcher', 'function app.watch()' ], [ 'server there', 'foreign-data wrapper far' ], [ 'foreign table app.distant', 'server there' ], [ 'text search configuration app.tongue', 'text search dictionary app.words' ],
	[ 'function app.shouted(text)', 'language speech' ], [ 'function app.tabular(integer[])', 'enum app.mood' ], [ 'cast (app.mood AS integer)', 'function app.mood_number(app.mood)' ], [ 'publication part', 'table app.customer' ],
	[ 'statistics app.customer_stat', 'column app.customer.name' ], [ 'materialized view app.summary', 'table app.customer' ], [ 'table app.piled', 'access method pile' ], [ 'rule line_rule on app.line', 'table app.no_columns' ],
	[ 'base type app.word', 'function app.word_in(cstring)' ], [ 'range type app.span', 'function app.span_diff(double precision, double precision)' ], [ 'function app.transformed(app.mood)', 'transform for app.mood language plpgsql' ])
{
	ok(scalar grep({ $_ eq $edge->[1] } map { ($_, $parent{$_} // '') } @{ $needs{ $edge->[0] } }), "$edge->[0] depends on $edge->[1]") or diag(join ', ', @{ $needs{ $edge->[0] } // [] });
}

# Objects can be made one after the other, but for circles that the server has
# itself: a type and its functions, a sequence and the column that it is for.
my %left;
foreach my $object (keys %needs)
{
	my @others = grep { !($object =~ /^function / && /^(base|range) type /) && !($object =~ /^sequence / && /^column /) } @{ $needs{$object} };

	$left{$object} = \@others if @others;
}
while (my @ready = grep { !grep { exists $left{$_} } @{ $left{$_} } } keys %left)
{
	delete @left{@ready};
}
is(join('; ', sort keys %left), '', 'there is an order in which objects can be made');

# --- What is left out -------------------------------------------------------

my $members = $contrib ? 'CREATE EXTENSION cube; CREATE EXTENSION hstore SCHEMA other;' : '';
is( $node->safe_psql(
		'everything', qq{
BEGIN;
CREATE SCHEMA other;
CREATE TEMP TABLE before AS SELECT pgmig_snapshot() AS snapshot;
$members
CREATE TEMP TABLE passing (id serial PRIMARY KEY, doc text);
CREATE TEMP VIEW passing_view AS TABLE passing;
CREATE FUNCTION pg_temp.passing() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE pg_temp.passing_type AS ENUM ('a');
SELECT string_agg(concat_ws(' ', change, kind, identity), ', ' ORDER BY identity) FROM before, pgmig_compare(snapshot, pgmig_snapshot());
ROLLBACK;}),
	$contrib ? 'added extension cube, added extension hstore' : '', 'temporary objects and members of extensions are left out');
unlike($node->safe_psql('everything', 'SELECT pgmig_snapshot()'), qr/pgmig|pg_toast|pg_temp/, 'so are pgmig and TOAST tables');

# --- pg_dump as the judge ---------------------------------------------------

# What pg_dump prints, without what is no property of the schema:
# - the order of objects, which follows from OIDs: entries are sorted;
# - the order of grants, options of one object: so are their lines;
# - settings between entries: those that count are put into the entry;
# - names that servers from 18 on give to NOT NULL constraints: they have no
#   meaning, and older servers have none;
# - quotes in options of dictionaries, kept as the session wrote them.
#
# What it does not print, and a snapshot has: versions of extensions, functions
# of languages if they are members of extensions, rights on languages "sql", "c"
# and "internal", a partition that is half detached.  Random schemas have none of
# these; nor lists (tags, publications) in another order, which a snapshot sorts.
sub dump_schema
{
	my ($db) = @_;
	my ($text, $err) = run_command([ 'pg_dump', '--schema-only', '--quote-all-identifiers', '-d', $node->connstr($db) ]);
	my (@entries, %setting);

	die "pg_dump: $err" if $err ne '';
	$text =~ s/^\\(?:un)?restrict .*\n//mg;
	foreach my $entry (split /^--\n(?=-- Name: )/m, $text)
	{
		my $used = join ' ', map { "$_=$setting{$_}" } sort keys %setting;

		$setting{$1} = $2 while $entry =~ s/^SET (default_\w+) = (.*);\n//m;
		$entry =~ s/^-- PostgreSQL database dump complete\n//m;
		$entry =~ s/\n-*\n*\z/\n/;
		$entry = join "\n", sort split /\n/, $entry if $entry =~ /Type: (DEFAULT )?ACL;/;
		$entry =~ s/^( +)"(\w+)" = /$1$2 = /mg if $entry =~ /Type: TEXT SEARCH DICTIONARY;/;
		$entry =~ s/ CONSTRAINT "[^"]*_not_null\d*" NOT NULL/ NOT NULL/g;
		push @entries, ($entry =~ /Type: (TABLE|MATERIALIZED VIEW|INDEX);/ ? "$used\n" : '') . $entry;
	}
	return join "\n", sort @entries;
}

# How two texts differ, for the message of a failed test.
sub difference
{
	my ($first, $second) = @_;
	my %first  = map { $_ => 1 } split /\n/, $first;
	my %second = map { $_ => 1 } split /\n/, $second;

	return join "\n", (map { "- $_" } grep { !$second{$_} } split /\n/, $first), (map { "+ $_" } grep { !$first{$_} } split /\n/, $second);
}

# A state of a schema: its fingerprint, snapshot and dump.
sub state
{
	my ($db, $name, @settings) = @_;
	my ($rc, $out, $err) = $node->psql($db, join(";\n", @settings, 'SELECT public.pgmig_fingerprint()', 'SELECT public.pgmig_snapshot()'), extra_params => [ '-U', 'dba' ]);
	my ($fingerprint, $snapshot) = $out =~ /^([0-9a-f]{64})\n(.*)\z/s;

	die "$name: $err" if $err ne '' || !$snapshot;
	return { name => $name, fingerprint => $fingerprint, snapshot => $snapshot, dump => dump_schema($db) };
}

sub compare
{
	my ($first, $second) = @_;
	my ($a, $b) = map { my $s = $_->{snapshot}; $s =~ s/'/''/g; $s } ($first, $second);

	return join "\n", map { join ' | ', @$_ } rows('postgres_pgmig', "SET standard_conforming_strings = on; SELECT * FROM pgmig_compare('$a', '$b')");
}

# Run statements, of which some may fail; returns the errors.
sub run_statements
{
	my ($db, $user, @statements) = @_;
	my ($rc, $out, $err) = $node->psql($db, join('', map { "$_;\n" } @statements), on_error_stop => 0, on_error_die => 0, extra_params => [ '-U', $user ]);

	return $err;
}

$node->safe_psql('postgres', 'CREATE DATABASE postgres_pgmig TEMPLATE template0');
$node->safe_psql('postgres_pgmig', 'CREATE EXTENSION pgmig');
note("PGMIG_SEED=$seed");
my ($pairs, $different) = (0, 0);
my $files = PostgreSQL::Test::Utils::tempdir();
foreach my $n (1 .. $ENV{PGMIG_SCHEMAS} // 4)
{
	my $schema = PgmigSchema->new(seed => $seed, version => $version);
	my $name   = "PGMIG_SEED=$seed";
	my @states;
	my %db = map { $_ => "${_}_$n" } ('one', 'other', 'restored');

	$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE postgres_pgmig") foreach sort values %db;
	is(run_statements($db{one}, 'dba', 'SET check_function_bodies = off', $schema->straight), '', "$name: made");
	is(run_statements($db{other}, 'dba_two', 'SET check_function_bodies = off', $schema->settings, $schema->detour), '', "$name: made in another way");
	push @states, state($db{one}, 'as it is'), state($db{other}, 'made in another way', $schema->settings);

	# A dump that was restored is the same schema, but for what pgmig left to it.
	my ($dump, $errors) = run_command([ 'pg_dump', '--schema-only', '-d', $node->connstr($db{one}) ]);
	$node->psql($db{restored}, 'DROP EXTENSION pgmig');
	append_to_file("$files/$n.sql", $dump);
	(undef, $errors) = run_command([ 'psql', '-Xq', '-f', "$files/$n.sql", '-d', $node->connstr($db{restored}), '-U', 'dba' ]);
	unlike($errors, qr/ERROR/, "$name: restored");
	push @states, state($db{restored}, 'restored');
	foreach my $step (1 .. 6)
	{
		my @mutations = map { $schema->mutation } 1 .. 1 + int(rand(2));

		run_statements($db{other}, 'dba', @mutations);
		push @states, state($db{other}, join('; ', @mutations));
	}
	is($states[$_]{fingerprint}, $states[0]{fingerprint}, "$name: $states[$_]{name}: the same fingerprint") or diag(compare($states[0], $states[$_])) foreach 1, 2;
	my @wrong;
	foreach my $i (0 .. $#states)
	{
		foreach my $j ($i + 1 .. $#states)
		{
			my ($a, $b) = @states[ $i, $j ];
			my @same = ($a->{fingerprint} eq $b->{fingerprint}, $a->{dump} eq $b->{dump});

			$pairs++;
			$different++ if !$same[0];
			push @wrong, join "\n", "$a->{name} / $b->{name}:", $same[0] ? difference($a->{dump}, $b->{dump}) : compare($a, $b) if $same[0] != $same[1];
			push @wrong, "$a->{name} / $b->{name}: pgmig_compare finds nothing" if !$same[0] && $j == $i + 1 && compare($a, $b) eq '';
		}
	}
	ok(!@wrong, "$name: fingerprints agree where dumps do") or diag(join "\n", @wrong);
	foreach my $db (values %db)
	{
		$node->psql($db, join '', map { "ALTER SUBSCRIPTION $_->[0] DISABLE; ALTER SUBSCRIPTION $_->[0] SET (slot_name = NONE); DROP SUBSCRIPTION $_->[0];\n" } rows($db, 'SELECT quote_ident(subname) FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()'));
		$node->safe_psql('postgres', "DROP DATABASE $db");
	}
	$seed++;
}
note("$pairs pairs, $different of them different");

$node->stop;
done_testing();
