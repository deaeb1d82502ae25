# pgmig_load: directories and files of the server, good and bad.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', <<'EOS');
CREATE EXTENSION pgmig;
CREATE ROLE pgmig_reader;
CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\connect latin1
CREATE EXTENSION pgmig;
EOS

my $top = $node->basedir . '/löad \'files" ;';
mkdir $top or die "could not make $top: $!";

sub make_directory
{
	my ($name, %files) = @_;

	mkdir "$top/$name" or die "could not make $name: $!";
	foreach my $file (keys %files)
	{
		open my $fh, '>:raw', "$top/$name/$file" or die "$file: $!";
		print $fh $files{$file};
		close $fh;
	}
	return;
}

sub document
{
	my ($id, $body, $parent) = @_;

	return
	    "-- message $id\n--\n-- Revision ID: $id\n-- Revises: "
	  . ($parent // '')
	  . "\n\n-- pgmig: upgrade\n$body\n-- pgmig: downgrade\n";
}

sub load
{
	my ($path, $db) = @_;

	$path =~ s/'/''/g;
	return $node->psql($db // 'postgres', "SELECT * FROM pgmig_load('$path')");
}

sub loads
{
	my ($path, $expected, $name) = @_;
	my ($rc, $out, $err) = load($path);

	is($err, '', "$name: no error");
	is($out, $expected, "$name: result");
	return;
}

sub refuses
{
	my ($path, $expected, $name) = @_;
	my $before =
	  $node->safe_psql('postgres', 'SELECT count(*) FROM pgmig.revision');
	my ($rc, $out, $err) = load($path);

	like($err, $expected, "$name: error");
	is( $node->safe_psql('postgres', 'SELECT count(*) FROM pgmig.revision'),
		$before,
		"$name: nothing was loaded");
	return;
}

# Files in the order of their names, other files left out.
make_directory(
	'good',
	'2 child;.sql' => document('child', "SELECT 'ö'", 'base_"1'),
	'10 base.sql'  => document('base_"1', 'SELECT 1'),
	'.hidden.sql'  => 'nonsense',
	'README'       => 'nonsense',
	'x.sql~'       => 'nonsense',
	'x.SQL'        => 'nonsense',
	'.sql'         => 'nonsense');
loads("$top/good", "base_\"1|added\nchild|added", 'good');
loads("$top/good/", '', 'again');
loads("$top/./good/../good", '', 'by another path');
is( $node->safe_psql(
		'postgres',
		'SELECT revision, source FROM pgmig.revision ORDER BY load_order'),
	"base_\"1|10 base.sql\nchild|2 child;.sql",
	'sources are names of files');

# Line ends, a byte order mark and a missing line end at the end change
# nothing.
my $windows = document('child', "SELECT 'ö'", 'base_"1');
$windows =~ s/\n/\r\n/g;
$windows =~ s/\r\n$//;
make_directory('windows', 'a.sql' => "\xEF\xBB\xBF$windows");
loads("$top/windows", '', 'CRLF and BOM');

# Everything that is wrong with a file, each beside a good one.
my %bad = (
	'empty file' => [ '', qr/no revision found/ ],
	'NUL byte' =>
	  [ document('x', "SELECT 'a\0b'"), qr/file ".*b\.sql" contains a null byte/ ],
	'invalid UTF-8' => [
		document('x', "SELECT '\xFF\xFE'"),
		qr/invalid byte sequence for encoding "UTF8": 0xff.*CONTEXT:  file ".*b\.sql"/s
	],
	'broken UTF-8' => [
		document('x', '') . "-- \xC3",
		qr/invalid byte sequence for encoding "UTF8": 0xc3/
	],
	'UTF-16' => [ "\xFF\xFE-\0-\0", qr/null byte/ ],
	'syntax error' => [
		document('x', 'SELECT FROM WHERE'),
		qr/syntax error at or near "WHERE".*revision document "b\.sql", line 7/s
	],
	'missing parent' => [
		document('x', '', 'none'),
		qr/revision "none", parent of revision "x", does not exist.*revision document "b\.sql", line 3/s
	],
	'id of another file' => [
		document('a', ''),
		qr/revision "a" appears more than once.*revision document "b\.sql"/s
	],
);
foreach my $name (sort keys %bad)
{
	my ($text, $error) = @{ $bad{$name} };

	make_directory($name, 'a.sql' => document('a', ''), 'b.sql' => $text);
	refuses("$top/$name", $error, $name);
}

# What is no directory of documents.
make_directory('empty');
make_directory('others', 'x.txt' => '');
refuses("$top/empty", qr/has no revision documents/, 'empty directory');
refuses("$top/others", qr/has no revision documents/, 'no documents');
refuses("$top/none", qr/could not open directory ".*none": No such file/,
	'missing directory');
refuses(
	"$top/good/10 base.sql",
	qr/could not open directory ".*": Not a directory/,
	'a file');
make_directory('nested', 'a.sql' => document('a', ''));
mkdir "$top/nested/dir.sql";
refuses("$top/nested", qr/"[^"\n]*dir\.sql" is not a regular file/,
	'a directory with the name of a file');
make_directory('fifo', 'a.sql' => document('a', ''));
system_or_bail('mkfifo', "$top/fifo/b.sql");
refuses("$top/fifo", qr/"[^"\n]*b\.sql" is not a regular file/, 'a pipe');

make_directory('huge', 'a.sql' => document('a', ''));
truncate "$top/huge/a.sql", 1 << 30 or die $!;
refuses("$top/huge", qr/file ".*a\.sql" is too large/, 'a huge file');
make_directory('null', 'a.sql' => document('a', ''));
truncate "$top/null/a.sql", 1 << 20 or die $!;
refuses("$top/null", qr/file ".*a\.sql" contains a null byte/,
	'a file with zeros at its end');

# Relative paths are below SHAREDIR/pgmig and stay there.
refuses('',   qr/directory must not be empty/,            'an empty path');
refuses('..', qr/directory ".." is outside of SHAREDIR/,  'the parent');
refuses('../extension', qr/is outside of SHAREDIR/,       'a sibling');
refuses('migrations/../../..', qr/is outside of SHAREDIR/, 'a detour');
refuses('none', qr/could not open directory ".*\/pgmig\/none"/, 'a missing one');
loads("$top/good", '', 'absolute paths are not confined');
is((load('./migrations/../migrations'))[0], 0, 'a detour within');

# Symbolic links are followed, as by the server's other functions for files.
make_directory('links');
symlink "$top/good/10 base.sql", "$top/links/a.sql" or die $!;
symlink "$top/good", "$top/link" or die $!;
loads("$top/links", '', 'a link to a file');
loads("$top/link", '', 'a link to a directory');
symlink "$top/none", "$top/links/b.sql" or die $!;
refuses("$top/links", qr/could not open file ".*b\.sql": No such file/,
	'a dangling link');

# No permission
SKIP:
{
	skip 'the superuser of the system reads everything', 4 if $> == 0;
	make_directory(
		'secret',
		'a.sql' => document('a', ''),
		'b.sql' => document('b', ''));
	chmod 0, "$top/secret/b.sql";
	refuses("$top/secret",
		qr/could not open file ".*b\.sql": Permission denied/,
		'an unreadable file');
	chmod 0, "$top/secret";
	refuses("$top/secret",
		qr/could not open directory ".*": Permission denied/,
		'an unreadable directory');
	chmod 0700, "$top/secret";
}

# Nor without the privilege, whatever the path.
foreach my $path ("$top/good", "$top/none", '..', 'migrations')
{
	(my $literal = $path) =~ s/'/''/g;
	my ($rc, $out, $err) = $node->psql('postgres',
		"GRANT EXECUTE ON FUNCTION pgmig_load(text) TO pgmig_reader; SET ROLE pgmig_reader; SELECT pgmig_load('$literal')"
	);
	like($err, qr/permission denied to read files of the server/,
		"without privilege: $path");
}

# Files are in UTF-8 whatever the encoding of the database.
my ($rc, $out, $err) = load("$top/good", 'latin1');
is($err, '', 'LATIN1 database');
is( $node->safe_psql('latin1',
		q{SELECT upgrade = E'SELECT ''\xf6''' FROM pgmig.revision WHERE revision = 'child'}
	),
	't',
	'LATIN1 database: converted');
make_directory('japanese', 'a.sql' => document('a', "SELECT '日本'"));
($rc, $out, $err) = load("$top/japanese", 'latin1');
like($err,
	qr/has no equivalent in encoding "LATIN1".*CONTEXT:  file ".*a\.sql"/s,
	'LATIN1 database: characters that it lacks');

# 50 MB in one document
make_directory('large',
	'a.sql' => document('large',
		    "CREATE TABLE large (a text);\n"
		  . ("INSERT INTO large VALUES ('" . ('x' x 1000) . "');\n") x 48_000));
($rc, $out, $err) = load("$top/large");
is($err, '', '50 MB: no error');
is( $node->safe_psql(
		'postgres', q{SELECT statements FROM pgmig_plan('large')}),
	'48001',
	'50 MB: every statement');
is( $node->safe_psql(
		'postgres', q{SELECT length(pgmig_export('large')) > 48000000}),
	't',
	'50 MB: export');
is( $node->safe_psql('postgres',
		q{SET client_min_messages = warning; SELECT pgmig_upgrade('large')}),
	'large',
	'50 MB: upgrade');
is($node->safe_psql('postgres', 'SELECT count(*) FROM large'),
	'48000', '50 MB: all rows');

$node->stop;
done_testing();
