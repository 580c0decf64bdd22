# Match addresses by one of Perl's modules: `perl match.pl NAME` reads lines and answers each with a line. "rules RANGE
# …" is answered with "ok" or "refused: …", "ask ADDRESS" with "yes" or "no". `perl match.pl NAME version` prints the
# module's version.
use strict;
use warnings;

my ($name, $wanted) = @ARGV;
eval "require $name; 1" or die $@;
if ($wanted) { print $name->VERSION, "\n"; exit }

my %makers = (
    'Net::CIDR' => sub {
        my @ranges = map { m{/} ? $_ : "$_/32" } @_;
        return sub { Net::CIDR::cidrlookup($_[0], @ranges) };
    },
    'Net::CIDR::Lite' => sub {
        my $list = Net::CIDR::Lite->new;
        $list->add_any($_) for @_;
        return sub { $list->find($_[0]) };
    },
    'Net::Netmask' => sub {
        my @blocks = map { Net::Netmask->new2($_) // die "no block: $_" } @_;
        return sub { my $address = shift; grep { $_->match($address) } @blocks };
    },
    'NetAddr::IP' => sub {
        my @blocks = map { NetAddr::IP->new($_) // die "no block: $_" } @_;
        return sub { my $address = NetAddr::IP->new(shift); grep { $_->contains($address) } @blocks };
    },
);

$| = 1;
my $contains = sub { 0 };
while (my $line = <STDIN>) {
    my ($word, @rest) = split ' ', $line;
    if ($word eq 'ask') {
        print $contains->($rest[0]) ? "yes\n" : "no\n";
    } elsif (my $new = eval { $makers{$name}->(@rest) }) {
        $contains = $new;
        print "ok\n";
    } else {
        print 'refused: ', join(' ', split ' ', $@), "\n";
    }
}
