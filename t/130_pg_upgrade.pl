# pg_upgrade in the middle of a history, by copies and by links, keeps all that
# pgmig knows, and runs go on from there.
#
# PGMIG_OLD_SERVERS names older servers with pgmig installed: their pg_config,
# separated by blanks.  Without it, both servers are of this version, and files
# are copied only.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';

my $rows = File::Spec->rel2abs(dirname(__FILE__) . '/data/rows');
my @old_servers = split ' ', $ENV{PGMIG_OLD_SERVERS} || '';
my $middle      = '00c8a000b44f';
my $count       = 0;

# Where the half-done revisions go on.
my %resumed = (
	''          => qr/Resuming upgrade numbers -> unique_numbers, Make numbers unique, at statement 3 of 4/,
	'Tenant; 1' => qr/Resuming upgrade numbers -> unique_numbers, Make numbers unique, at statement 2 of 4/);

my $history = <<'EOS';
-- Create numbers
--
-- Revision ID: numbers
-- Branch Labels: nümbers;

-- pgmig: upgrade
CREATE TABLE number (n int NOT NULL, note text);
INSERT INTO number VALUES (1, 'one'), (2, E'two\ttabs\t\\'), (2, NULL);
-- pgmig: downgrade
DROP TABLE number;

-- Make numbers unique
--
-- Revision ID: unique_numbers
-- Revises: numbers

-- pgmig: upgrade no-transaction
SET work_mem = '1MB';
DO $do$
BEGIN
    UPDATE number SET note = 'none' WHERE note IS NULL;
    COMMIT;
    IF current_setting('pgmig.scope') <> '' THEN
        PERFORM 1 / (SELECT count(*) - 3 FROM number);
    END IF;
END $do$;
CREATE UNIQUE INDEX CONCURRENTLY number_n ON number (n);
COMMENT ON INDEX number_n IS 'unique';
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY number_n;

-- Add a remark
--
-- Revision ID: remark
-- Revises: unique_numbers
-- Depends On: 968b0dff6a9b

-- pgmig: upgrade
ALTER TABLE number ADD COLUMN remark text;
-- pgmig: downgrade
ALTER TABLE number DROP COLUMN remark;

-- A head that is not applied; "quoted"
--
-- with a long message
--
-- Revision ID: b"ase;
-- Branch Labels: läb'el, other

-- pgmig: upgrade
CREATE TABLE "Täble;" (id int PRIMARY KEY);
EOS

# What reads, in each scope.
my @reading = (
	'SELECT * FROM pgmig_current()',
	'SELECT * FROM pgmig_heads(true)',
	'SELECT * FROM pgmig_branches()',
	'SELECT * FROM pgmig_history()',
	'SELECT s.* FROM pgmig_history() h, pgmig_show(h.revision) s ORDER BY s.revision',
	'SELECT * FROM pgmig_log()',
	'SELECT * FROM pgmig_status()',
	q{SELECT * FROM pgmig_plan('heads')},
	q{SELECT * FROM pgmig_plan('base', 'downgrade')},
	q{SELECT * FROM pgmig_graph('text')},
	'SELECT pgmig_export()',
	q{SELECT pgmig_upgrade_sql('base:heads')});

# How the extension is installed, and who may do what.
my @installed = (
	q{SELECT extversion, extnamespace::regnamespace, extowner::regrole, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'pgmig'},
	q{SELECT pg_describe_object(classid, objid, objsubid), obj_description(objid, classid::regclass::name) FROM pg_depend WHERE deptype = 'e' AND classid <> 'pg_type'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgmig') ORDER BY 1},
	q{SELECT tgrelid::regclass, tgname, tgenabled, obj_description(oid, 'pg_trigger'), pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'pgmig.%' ORDER BY tgrelid::regclass::text, tgname},
	q{SELECT rolname, pg_proc.oid::regprocedure::text FROM pg_proc, pg_roles WHERE rolname LIKE 'r_%;' AND proname LIKE 'pgmig\_%' AND has_function_privilege(rolname, pg_proc.oid, 'EXECUTE') ORDER BY 1, 2},
	q{SELECT rolname, pg_class.oid::regclass::text FROM pg_class, pg_roles WHERE rolname LIKE 'r_%;' AND relnamespace = 'pgmig'::regnamespace AND relkind = 'r' AND has_table_privilege(rolname, pg_class.oid, 'SELECT') ORDER BY 1, 2},
	q{SELECT pubname, schemaname, tablename FROM pg_publication_tables ORDER BY 1, 2, 3},
	q{SELECT last_value, is_called FROM pgmig.run_run_seq});

# The contents of all tables.
my $contents = q{
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")) FROM %s t', oid::regclass, oid::regclass)
FROM pg_class WHERE relkind = 'r' AND oid >= 16384 AND relnamespace <> 'information_schema'::regnamespace ORDER BY oid::regclass::text COLLATE "C" \gexec
};

# Text that is the same before and after.
sub facts
{
	my ($node, $db) = @_;
	my $sql = '';

	foreach my $scope ('', 'Tenant; 1', 'stamped')
	{
		$sql .= "SET pgmig.scope = '$scope';\n";
		$sql .= "\\echo == $scope: $_\n$_;\n" foreach @reading;
	}
	$sql .= "\\echo == $_\n$_;\n" foreach @installed;
	return $node->safe_psql($db, "\\pset null (null)\n$sql$contents");
}

# The schema as the new server's pg_dump tells it.
sub schema
{
	my ($node, $db) = @_;
	my ($out, $err) = run_command(
		[ 'pg_dump', '--schema-only', '-d', $node->connstr($db) ]);

	die "pg_dump: $err" if $err ne '';

	# From 18 on these have names, which depend on how they came about.
	$out =~ s/ CONSTRAINT \w+_not_null\d* NOT NULL/ NOT NULL/g;
	return join "\n",
	  grep { !/^(\\(un)?restrict |-- Dumped )/ } split /\n/, $out;
}

sub same
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

sub start_node
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, %params);

	$node->init(
		extra => [ '--encoding=UTF8', '--locale=C', '--data-checksums' ]);
	$node->append_conf('postgresql.conf',
		"fsync = off\nfull_page_writes = off\nlog_statement = none\n");
	return $node;
}

# A database in the middle of its history.
sub make_state
{
	my ($node) = @_;

	$node->safe_psql('postgres', <<'EOS');
CREATE ROLE "r_runner;" LOGIN;
CREATE ROLE "r_author;" LOGIN;
CREATE ROLE "r_reader;" LOGIN;
CREATE ROLE "r_nothing;" LOGIN;
CREATE ROLE "r_owner;" LOGIN;
CREATE DATABASE source;
CREATE DATABASE owned OWNER "r_owner;";
ALTER DATABASE source SET search_path = public, ext_schema;
ALTER DATABASE source SET client_min_messages = warning;
EOS
	# The oldest version of the extension that there is.
	my $version = $node->safe_psql('postgres',
		q{SELECT version FROM pg_available_extension_versions WHERE name = 'pgmig' ORDER BY string_to_array(version, '.')::int[] LIMIT 1}
	);
	$node->safe_psql('source', qq{
CREATE SCHEMA ext_schema;
CREATE EXTENSION pgmig SCHEMA ext_schema VERSION '$version';
SELECT pgmig_grant('r_runner;', 'runner'), pgmig_grant('r_author;', 'author'), pgmig_grant('r_reader;', 'reader');
SELECT pgmig_load('migrations');
CREATE PUBLICATION graph FOR TABLE pgmig.revision, pgmig.revision_parent;
});
	my $script = '';
	foreach my $revision (
		split /\n/,
		$node->safe_psql(
			'source', "SELECT revision FROM pgmig_plan('$middle') ORDER BY step"))
	{
		$script .= "SELECT pgmig_upgrade('$revision', 'täg');\n";
		$script .= slurp_file("$rows/$revision.sql")
		  if -e "$rows/$revision.sql";
	}
	$node->safe_psql('source', $script);
	$node->safe_psql(
		'source', qq{
SELECT pgmig_import(\$pgmig\$$history\$pgmig\$, 'Söurce;.sql');
SELECT pgmig_upgrade('numbers');
CREATE SCHEMA "Tenant; 1";
SET pgmig.scope = 'Tenant; 1';
SELECT pgmig_upgrade(ARRAY['numbers', '20251228_fts']);
SET pgmig.scope = 'stamped';
SELECT pgmig_stamp('remark');
});

	# Revisions that are half-done: an index that is not unique, and a DO
	# that fails after it has committed.
	foreach my $scope ('', 'Tenant; 1')
	{
		my ($rc, $out, $err) = $node->psql('source',
			"SET pgmig.scope = '$scope';\nCALL pgmig_upgrade_stepwise('nümbers;\@head');"
		);
		like(
			$err,
			$scope eq ''
			? qr/could not create unique index "number_n"/
			: qr/division by zero/,
			"half-done in scope \"$scope\"");
	}

	# An extension that belongs to a role that is no superuser.
	$node->safe_psql(
		'owned', q{
CREATE EXTENSION pgmig;
SELECT pgmig_import(E'-- Create owned\n-- Revision ID: owned\n-- pgmig: upgrade\nCREATE TABLE owned ();\n-- pgmig: downgrade\nDROP TABLE owned;\n');
SELECT pgmig_upgrade();
SELECT pgmig_grant('r_runner;', 'runner');
}, extra_params => [ '-U', 'r_owner;' ]);
	return $version;
}

# Resume, go up to the heads and down to base.  What there is at both ends.
sub walk
{
	my ($node, $db, $name) = @_;
	my @result;

	foreach my $scope ('', 'Tenant; 1')
	{
		my ($rc, $out, $err) = $node->psql(
			$db, qq{
SET client_min_messages = notice;
SET pgmig.scope = '$scope';
\\set ON_ERROR_STOP 0
SELECT pgmig_upgrade('nümbers;\@head');
\\set ON_ERROR_STOP 1
DELETE FROM @{[ $scope eq '' ? 'public' : '"Tenant; 1"' ]}.number WHERE note = 'none';
CALL pgmig_upgrade_stepwise('heads');
});
		is($rc, 0, "$name: upgrade in scope \"$scope\"") or diag($err);
		like($err, qr/revision "unique_numbers" is half-done/,
			"$name: half-done in scope \"$scope\"");
		like($err, $resumed{$scope}, "$name: resumed in scope \"$scope\"");
	}
	is( $node->safe_psql(
			$db, q{SELECT applied, pending, interrupted_revision FROM pgmig_status()}
		),
		'56|0|',
		"$name: everything is applied");
	is( $node->safe_psql(
			$db, q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}),
		'0',
		"$name: no invalid index is left");
	push @result, schema($node, $db),
	  $node->safe_psql($db, "SET search_path = public;$contents");
	$node->safe_psql(
		$db, q{
SELECT pgmig_stamp('läb''el@base');
CALL pgmig_downgrade_stepwise('base');
SET pgmig.scope = 'Tenant; 1';
SELECT pgmig_stamp('läb''el@base');
CALL pgmig_downgrade_stepwise('base');
});
	push @result, schema($node, $db);

	# The log has times; everything else is the same.
	$result[1] = join "\n", grep { !/^pgmig\./ } split /\n/, $result[1];
	is( $node->safe_psql(
			$db, q{SELECT count(*) = max(run), max(run) = (SELECT last_value FROM pgmig.run_run_seq) FROM pgmig.run}
		),
		't|t',
		"$name: runs are numbered on");
	return \@result;
}

# The programs of this server, in an installation without pgmig.
sub server_without_pgmig
{
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my %path;

	foreach my $what (qw(bindir pkglibdir sharedir))
	{
		($path{$what}) = run_command([ 'pg_config', "--$what" ]);
		system_or_bail('mkdir', '-p', "$dir" . dirname($path{$what}));
	}
	system_or_bail('cp', '-rL', $path{bindir}, "$dir$path{bindir}");
	foreach my $what (qw(pkglibdir sharedir))
	{
		system_or_bail('cp', '-rs', $path{$what}, "$dir" . dirname($path{$what}))
		  unless -d "$dir$path{$what}";
	}
	unlink "$dir$path{pkglibdir}/pgmig$_" foreach qw(.so .dylib .dll);
	return "$dir$path{bindir}";
}

sub pg_upgrade
{
	my ($old, $new, $bindir, @options) = @_;

	return [
		'pg_upgrade', '--no-sync',
		'-d', $old->data_dir,
		'-D', $new->data_dir,
		'-b', $old->config_data('--bindir'),
		'-B', $bindir,
		'-s', $new->host,
		'-p', $old->port,
		'-P', $new->port,
		@options
	];
}

sub test_upgrade
{
	my (%params) = @_;
	my $old = start_node('old' . $count++,
		$params{install_path} ? (install_path => $params{install_path}) : ());
	my $from = $old->pg_version->major;

	$old->start;
	my $version = make_state($old);
	my $facts   = facts($old, 'source');
	my $schema  = schema($old, 'source');
	$old->safe_psql('postgres', 'CREATE DATABASE walked TEMPLATE source');
	$old->safe_psql('postgres',
		'ALTER DATABASE walked SET search_path = public, ext_schema');
	my $walked = walk($old, 'walked', "$from itself");
	$old->safe_psql('postgres', 'DROP DATABASE walked');
	$old->stop;

	foreach my $mode (@{ $params{modes} })
	{
		my $name = "$from, $mode";
		my $new  = start_node("new$from$mode");

		if ($mode eq '--copy')
		{
			# The server tells what is missing before anything is changed.
			my ($out, $err) = run_command(
				pg_upgrade($old, $new, server_without_pgmig(), '--check'));
			like(
				$out,
				qr/references loadable libraries that are missing/,
				"$name: the library is missing");
			my ($list) = $out =~ /^\s*(\S+loadable_libraries\.txt)/m;
			my $text = slurp_file($list);
			like(
				$text,
				qr/^could not load library "(?:\$libdir\/)?pgmig": .*\nIn database: source$/m,
				"$name: it is named");
			note $text;
		}
		my @command = pg_upgrade($old, $new, $new->config_data('--bindir'));
		command_ok([ @{ $command[0] }, $mode eq '--copy' ? () : $mode ],
			"$name: pg_upgrade");
		$new->start;
		same(facts($new, 'source'), $facts, "$name: what there was is there");
		same(schema($new, 'source'), $schema, "$name: the schema is the same");

		# A new version of the extension: pg_upgrade writes a script.
		my $update = "$PostgreSQL::Test::Utils::tmp_check/update_extensions.sql";
		my $newest = $new->safe_psql('postgres',
			q{SELECT default_version FROM pg_available_extensions WHERE name = 'pgmig'}
		);
		is(-e $update ? 1 : 0, $version ne $newest ? 1 : 0,
			"$name: update_extensions.sql if there is a new version");
		if (-e $update)
		{
			$new->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', $update, 'postgres' ],
				"$name: extension is updated") if $mode eq '--copy';
			unlink $update;
		}
		is( $new->safe_psql(
				'source', q{SELECT extversion FROM pg_extension WHERE extname = 'pgmig'}),
			$mode eq '--copy' ? $newest : $version,
			"$name: version of the extension");
		is( $new->safe_psql(
				'owned',
				q{SELECT pgmig_downgrade('base'); SELECT pgmig_upgrade(); SELECT pgmig_grant('r_author;', 'author'); SELECT count(*) FROM pgmig.run;},
				extra_params => [ '-U', 'r_owner;' ]),
			"owned\nowned\n\n3",
			"$name: a role that is no superuser keeps its rights");
		my $result = walk($new, 'source', $name);
		same($result->[$_], $walked->[$_],
			"$name: " . ('schema of the heads', 'rows', 'schema of base')[$_])
		  foreach 0 .. 2;
		$new->stop;
	}
	return;
}

chdir $PostgreSQL::Test::Utils::tmp_check or die "chdir: $!";
foreach my $pg_config (@old_servers)
{
	my ($bindir) = run_command([ $pg_config, '--bindir' ]);

	test_upgrade(
		modes        => [ '--copy', '--link' ],
		install_path => dirname($bindir));
}
test_upgrade(modes => ['--copy']) unless @old_servers;
SKIP:
{
	skip 'no older server with pgmig, see PGMIG_OLD_SERVERS', 1
	  unless @old_servers;
	pass('an older server');
}
done_testing();
