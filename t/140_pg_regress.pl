# The project of docs/pg-regress: a schema with its own pg_regress suite, which
# passes as it is, and fails when a migration is broken.  What docs/pg-regress.md
# shows of it is there.

use strict;
use warnings FATAL => 'all';

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;

my $docs    = dirname(dirname(abs_path($0))) . '/docs';
my $project = "$docs/pg-regress";
my $node    = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
delete @ENV{qw(PGDATABASE PGOPTIONS PGUSER MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES PG_REGRESS)};

my ($pg_config) = grep { -x } map { "$_/pg_config" } split /:/, $ENV{PATH};

# A copy of the project, with changes of its files: path => [from, to].
sub copy_project
{
	my (%changes) = @_;
	my $copy = PostgreSQL::Test::Utils::tempdir() . '/shop';

	PostgreSQL::Test::RecursiveCopy::copypath($project, $copy);
	foreach my $path (keys %changes)
	{
		my ($from, $to) = @{ $changes{$path} };
		my $text = slurp_file("$copy/$path");

		$text =~ s/\Q$from\E/$to/ or die "no \"$from\" in $path";
		unlink "$copy/$path";
		append_to_file("$copy/$path", $text);
	}
	return $copy;
}

# Run its suite: whether make succeeds, what it prints, the differences.
sub installcheck
{
	my ($copy) = @_;
	my $output = '';
	my $ok     = IPC::Run::run(
		[ 'make', '-C', $copy, 'installcheck', "PG_CONFIG=$pg_config" ],
		'>&', \$output);
	my $diffs = "$copy/regression.diffs";

	return ($ok, $output, -e $diffs ? slurp_file($diffs) : '');
}

# The tests that failed, by pg_regress's lines "test NAME ... FAILED" and, since
# 16, "not ok N - NAME".
sub failed_tests
{
	my ($output) = @_;

	return join ' ', $output =~ /^(?:test +|not ok \d+ +[-+] +)(\w+) +(?:\.\.\. FAILED|\d+ ms)/mg;
}

my ($ok, $output, $diffs) = installcheck(copy_project());
ok($ok, 'the suite passes') or diag $output . $diffs;
like($output, qr/All 4 tests passed/, 'all of its tests ran');

($ok, $output, $diffs) = installcheck(
	copy_project(
		'migrations/0002_status.sql' => [ 'UPDATE customer', 'UPDATE custmer' ]));
ok(!$ok, 'a broken upgrade: the suite fails');
like(
	$diffs,
	qr/^\+ERROR:  relation "custmer" does not exist\n.*^\+CONTEXT:  pgmig upgrade of revision "status", statement 2 of 3, line 2\n/ms,
	'a broken upgrade: the differences say where');

($ok, $output, $diffs) = installcheck(
	copy_project(
		'migrations/0002_status.sql' => [ q{'active'}, q{'inactive'} ]));
ok(!$ok, 'wrong rows: the suite fails');
is(failed_tests($output), 'walk', 'wrong rows: the test that walks says so')
  or diag $output;

($ok, $output, $diffs) = installcheck(
	copy_project(
		'migrations/0002_status.sql' => [
			'DROP COLUMN status', 'ALTER COLUMN status DROP NOT NULL'
		]));
ok(!$ok, 'a downgrade that leaves a column: the suite fails');
like(
	$diffs,
	qr/^\+ERROR:  column "status" of relation "customer" already exists$/m,
	'a downgrade that leaves a column: it cannot be upgraded again')
  or diag $diffs;

($ok, $output, $diffs) = installcheck(
	copy_project(
		'migrations/0003_orders.sql' => [
			'DROP TABLE customer_order;',
			q{DROP TABLE customer_order; ALTER TABLE customer ALTER email SET DEFAULT '';}
		]));
ok(!$ok, 'a downgrade that leaves a default: the suite fails');
is(failed_tests($output), 'downgrades',
	'a downgrade that leaves a default: the test of downgrades says so')
  or diag $output;
like(
	$diffs,
	qr/^\+ orders +\| the downgrade leaves column customer\.email text default ''::text/m,
	'a downgrade that leaves a default: the differences name it')
  or diag $diffs;

sub slurp_trimmed
{
	my ($file) = @_;

	return slurp_file($file) =~ s/[ \t]+$//mgr;
}

# The blocks of the page: parts of files, and a list of the files.
my %files = map { substr($_, length("$project/")) => slurp_trimmed($_) }
  "$project/Makefile", glob "$project/*/*";
my ($tree, @parts) =
  slurp_trimmed("$docs/pg-regress.md") =~ /^```(?:sql|text)\n(.*?)^```$/msg;

foreach my $part (@parts)
{
	my ($line) = split /\n/, $part;

	ok((grep { index($_, $part) >= 0 } values %files) > 0, "the page's \"$line ...\" is in a file");
}
my $directory;
my @listed;

foreach my $word (split ' ', $tree)
{
	if ($word =~ /^docs/) { next; }
	elsif ($word =~ m{/$}) { $directory = $word; }
	else { push @listed, ($directory // '') . $word; }
}
is_deeply([ sort @listed ], [ sort keys %files ], 'the page lists the files');

$node->stop;
done_testing();
