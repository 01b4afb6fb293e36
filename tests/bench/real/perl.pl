# SPDX-License-Identifier: LGPL-2.1-or-later
# Hashes, regular expressions, sorting: `perl.pl COUNT` prints a checksum.
use strict;
use warnings;

my ($count, $checksum) = ($ARGV[0], 0);
for my $turn (1 .. $count) {
	my (%lines, $seed);
	$seed = $turn;
	for my $i (1 .. 4000) {
		$seed = ($seed * 16645 + 10139) % 16777213;
		$lines{$seed % 1000} .= chr(65 + $seed % 26) . ($i % 7 ? "" : "-");
	}
	for my $key (sort { $a <=> $b } keys %lines) {
		my $text = $lines{$key};
		$text =~ s/([A-M]+)-/<$1>/g;
		$text =~ tr/N-Z/n-z/;
		$checksum = ($checksum * 33 + length($text) + ord($text)) % 16777213;
	}
}
print "$checksum\n";
