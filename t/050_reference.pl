# The reference history, one revision at a time, with rows in every table.
#
# Each revision is run up, down and up again.  The schema after a downgrade is
# the one before the upgrade; rows survive both, but for what t/data/README
# says.  Then the whole history is walked down in single steps, run up again
# in one call, and once more as a script by psql.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';

my $rows    = dirname(__FILE__) . '/data/rows';
my $refused = dirname(__FILE__) . '/data/refused';
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
log_statement = none
client_min_messages = warning
});
$node->start;

# Columns whose values change, as t/data/README says: while the revision is
# applied, and for good.
my %changed_up = (
	'add_camera_unique_constraints' => [ 'cameras.name', 'cameras.folder_path' ],
	'add_prompt_version_uq'         => ['prompt_versions.version'],
	'fix_search_vector_backfill'    => ['events.search_vector'],
	'add_4_feedback_types'          => ['event_feedback.feedback_type'],
	'add_time_series_partitioning' => [ 'logs.extra', 'audit_logs.details' ]);
my %changed_for_good = (
	'fix_search_vector_backfill'   => ['events.search_vector'],
	'add_time_series_partitioning' => [ 'logs.extra', 'audit_logs.details' ]);

sub schema
{
	my ($db) = @_;
	my ($out, $err) = run_command(
		[ 'pg_dump', '--schema-only', '-N', 'pgmig', '-d', $node->connstr($db)
		]);

	die "pg_dump: $err" if $err ne '';
	return join "\n", grep { !/^\\(un)?restrict / } split /\n/, $out;
}

# Where two schemas differ, for the message of a failed test.
sub same_schema
{
	my ($got, $expected, $name) = @_;
	my %got      = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;

	return if ok($got eq $expected, $name);
	diag(join "\n",
		(map { "- $_" } grep { !$got{$_} } split /\n/, $expected),
		(map { "+ $_" } grep { !$expected{$_} } split /\n/, $got));
	return;
}

# A checksum of each column of each table, along with the type; values are
# taken together with those of the first column, which tells rows apart.
sub contents
{
	my ($db) = @_;
	my $query = $node->safe_psql(
		$db, q{
SELECT string_agg(format('SELECT %L, %L, md5(string_agg(k || ''='' || v, ''|'' ORDER BY k, v)) FROM (SELECT coalesce(%I::text, ''-'') AS k, coalesce(%I::text, ''(null)'') AS v FROM %s) t',
                         c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), f.attname, a.attname, c.oid::regclass),
                  E'\nUNION ALL ' ORDER BY c.relname, a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     CROSS JOIN LATERAL (SELECT attname FROM pg_attribute
                         WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                         ORDER BY attname <> 'id', attnum LIMIT 1) f
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace});
	my %contents;

	return \%contents if $query eq '';
	foreach my $line (split /\n/, $node->safe_psql($db, $query))
	{
		my ($column, $type, $sum) = split /\|/, $line, 3;

		$contents{$column} = "$type $sum";
	}
	return \%contents;
}

# Columns that have changed, of those that are in both with one type.
sub differences
{
	my ($before, $after, $except) = @_;
	my %except = map { $_ => 1 } @{ $except // [] };
	my @changed;

	foreach my $column (sort keys %$before)
	{
		next if $except{$column} || !exists $after->{$column};
		my ($type)  = $before->{$column} =~ /^(.*) /;
		my ($other) = $after->{$column} =~ /^(.*) /;

		push @changed, $column
		  if $type eq $other && $before->{$column} ne $after->{$column};
	}
	return join ' ', @changed;
}

my (%parents, %used);

# The target of a downgrade that takes back this revision alone, and if there
# is none (a merge whose parents have other children), as few as possible.
sub target_below
{
	my ($db, $revision) = @_;
	my ($best, $fewest);

	foreach
	  my $target ("$revision\@-1", split(/ /, $parents{$revision}), 'base')
	{
		my ($rc, $out, $err) = $node->psql($db,
			"SELECT revision FROM pgmig_plan('$target', 'downgrade')");
		my @steps = split /\n/, $out;

		next if $rc != 0 || !grep { $_ eq $revision } @steps;
		($best, $fewest) = ($target, scalar @steps)
		  if !defined $best || @steps < $fewest;
	}
	return ($best, $fewest == 1);
}

# Rows of which a step does not know what to make: it says so, and all stays.
sub refuses
{
	my ($db, $revision, $direction, $target) = @_;
	my $file = "$refused/$revision.$direction.sql";

	return unless -e $file;
	my $sql = slurp_file($file);
	my ($sqlstate) = $sql =~ /SQLSTATE (\w{5})/;
	my ($rc, $out, $err) = $node->psql($db,
		"\\set VERBOSITY verbose\nBEGIN;\n$sql;\nSELECT 'rows are there';\nSELECT pgmig_$direction('$target');\n"
	);

	like($out, qr/rows are there/, "$revision: rows to be refused");
	like($err, qr/ERROR:  $sqlstate: /, "$revision: $direction refuses them");
	$used{$file} = 1;
	return;
}

my $db = 'walk';
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0")
  foreach ($db, 'script', 'whole', 'rows', 'stepwise');
$node->safe_psql($_,
	q{CREATE EXTENSION pgmig; SELECT pgmig_load('migrations')})
  foreach ($db, 'script', 'whole', 'rows', 'stepwise');
my $empty = schema($db);
my @plan = split /\n/,
  $node->safe_psql($db, 'SELECT revision FROM pgmig_plan() ORDER BY step');
is(scalar @plan, 52, '52 revisions');
%parents = map { split /\|/, $_, 2 } split /\n/,
  $node->safe_psql($db,
	q{SELECT revision, array_to_string(parents, ' ') FROM pgmig_history()});

# Up, down and up, one by one.
my %schema = ('' => $empty);
my $last   = '';
my @done;
foreach my $revision (@plan)
{
	refuses($db, $revision, 'upgrade', $revision);

	my $before = contents($db);

	is( $node->safe_psql($db, "SELECT pgmig_upgrade('$revision')"),
		$revision, "$revision: up");
	$schema{$revision} = schema($db);
	is(differences($before, contents($db), $changed_up{$revision}),
		'', "$revision: rows survive the upgrade");
	my ($target, $alone) = target_below($db, $revision);
	refuses($db, $revision, 'downgrade', $target);
	if ($alone)
	{
		is( $node->safe_psql($db, "SELECT pgmig_downgrade('$target')"),
			$revision, "$revision: down");
		same_schema(schema($db), $schema{$last},
			"$revision: the downgrade restores the schema");
		my $after = contents($db);
		is(differences($before, $after, $changed_for_good{$revision}),
			'', "$revision: rows survive the downgrade");
		is( join(' ', sort keys %$after),
			join(' ', sort keys %$before),
			"$revision: the same columns");
		$node->safe_psql($db, "SELECT pgmig_upgrade('$revision')");
		same_schema(schema($db), $schema{$revision}, "$revision: up again");
	}
	else
	{
		# In a copy, since others go with it, and the others up again.
		$node->safe_psql('postgres', "CREATE DATABASE copy TEMPLATE $db");
		$node->safe_psql('copy', "SELECT pgmig_downgrade('$target')");
		$node->safe_psql('copy', "SELECT pgmig_upgrade('$_')") foreach @done;
		same_schema(schema('copy'), $schema{$last},
			"$revision: down with others, and these up again");
		$node->safe_psql('postgres', 'DROP DATABASE copy');
	}
	if (-e "$rows/$revision.sql")
	{
		$used{"$rows/$revision.sql"} = 1;
		command_ok(
			[
				'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1',
				'-1', '-f', "$rows/$revision.sql", '-d', $node->connstr($db)
			],
			"$revision: rows");
	}
	$last = $revision;
	push @done, $revision;
}
is( join(' ', sort keys %used),
	join(' ', sort glob("$rows/*.sql $refused/*.sql")),
	'every file of rows was used');
my $contents = contents($db);
is(join(' ', grep { $contents->{$_} =~ / $/ } sort keys %$contents),
	'', 'every table has rows');

# Down to base, one by one, over rows.
foreach my $revision (reverse @plan)
{
	pop @done;
	next
	  if $node->safe_psql($db,
		"SELECT applied_at IS NULL FROM pgmig_show('$revision')") eq 't';
	my ($target, $alone) = target_below($db, $revision);

	like($node->safe_psql($db, "SELECT pgmig_downgrade('$target')"),
		qr/^$revision$/m, "$revision: down over rows");
	same_schema(schema($db), $schema{ @done ? $done[-1] : '' },
		"$revision: schema below it")
	  if $node->safe_psql($db, 'SELECT applied FROM pgmig_status()') == @done;
}
same_schema(schema($db), $empty, 'base: nothing but the extension');

# Up again in one call, and as a script in another database.
is($node->safe_psql($db, 'SELECT count(*) FROM pgmig_upgrade()'),
	'52', 'up again');
same_schema(schema($db), $schema{$last}, 'up again: the same schema');
is($node->safe_psql('whole', 'SELECT count(*) FROM pgmig_upgrade()'),
	'52', 'up in one call');
same_schema(schema('whole'), $schema{$last}, 'up in one call: the same schema');

# The same stepwise, with the same rows: up, down over them, and up.
foreach my $revision (@plan)
{
	$node->safe_psql('rows', "SELECT pgmig_upgrade('$revision')");
	$node->safe_psql('stepwise', "CALL pgmig_upgrade_stepwise('$revision')");
	next if !-e "$rows/$revision.sql";
	$node->safe_psql($_, slurp_file("$rows/$revision.sql"))
	  foreach ('rows', 'stepwise');
}
same_schema(schema('stepwise'), $schema{$last}, 'stepwise: the same schema');
is(differences(contents('rows'), contents('stepwise')),
	'', 'stepwise: the same rows');
$node->safe_psql('stepwise', "CALL pgmig_downgrade_stepwise('base')");
same_schema(schema('stepwise'), $empty,
	'stepwise: nothing but the extension');
$node->safe_psql('stepwise', 'CALL pgmig_upgrade_stepwise()');
same_schema(schema('stepwise'), $schema{$last},
	'stepwise: the same schema again');
is( $node->safe_psql(
		'stepwise',
		q{SELECT count(*), count(DISTINCT revision), max(s.outcome) FROM pgmig.run_step s JOIN pgmig.run r USING (run)
		WHERE run = (SELECT max(run) FROM pgmig.run) AND mode = 'stepwise'}),
	'52|52|done',
	'stepwise: each revision once');

my $script = $node->basedir . '/up.sql';
append_to_file($script,
	$node->safe_psql($db, q{SELECT pgmig_upgrade_sql('base:head')}));
command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-1',
		'-f', $script, '-d', $node->connstr('script')
	],
	'the script runs');
same_schema(schema('script'), $schema{$last}, 'script: the same schema');

# What the catalogue says is the same, but for the times.
my $state = q{
SELECT scope, revision, checksum FROM pgmig.applied ORDER BY 1, 2;
SELECT s.step, s.revision, s.direction, s.statements_done, s.statements_total, s.outcome FROM pgmig.run_step s ORDER BY s.run, s.step;
SELECT operation, scope, tag, role, outcome, ended_at >= started_at FROM pgmig.run ORDER BY run;
SELECT current, heads, applied, pending FROM pgmig_status()};
is( $node->safe_psql('script', $state),
	$node->safe_psql('whole', $state),
	'script: the same state');
is( $node->safe_psql('script', q{SELECT count(*) FROM pgmig_downgrade('base')}
	),
	'52',
	'script: the downgrade works');
same_schema(schema('script'), $empty, 'script: down to nothing');
$script = $node->basedir . '/down.sql';
append_to_file($script,
	$node->safe_psql('whole', q{SELECT pgmig_downgrade_sql('head:base')}));
command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-1',
		'-f', $script, '-d', $node->connstr('whole')
	],
	'the script of the downgrade runs');
same_schema(schema('whole'), $empty, 'script of the downgrade: nothing is left');
is($node->safe_psql('whole', 'SELECT applied FROM pgmig_status()'),
	'0', 'script of the downgrade: nothing is applied');

# psql adds a blank on either side.
is( $node->safe_psql('whole',
		'SELECT max(char_length(line)) <= 98 FROM pgmig_graph() AS line'),
	't',
	'the drawing fits 100 columns');

$node->stop;
done_testing();
