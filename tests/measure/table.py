# SPDX-License-Identifier: ISC
"""usage: table.py RESULTS: prints them for a terminal."""
import sys

import goals
import report


def print_table(table):
    rows = [table.head, *table.rows]
    # Two words of a heading stand one above the other.
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.head))]
    print(f"\n{table.caption}")
    for row in rows:
        print("  " + "  ".join(
            text.rjust(width) if i and i < len(row) - 1 or text[-1:].isdigit()
            and i else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths))).rstrip())


def main():
    read = report.Report(sys.argv[1])
    machine = read.machine
    print(f"\nlowport on {machine['processor']}, {machine['cores']} processors,"
          f" {machine['kernel']}, {machine['distribution']}; {machine['date']}")
    for part, row in read.parts.items():
        print(f"  {part}: {row['seconds']} s, load before {row['load']:.1f},"
              f" stolen {row['stolen']:.1%}"
              + (row["cut_short"] and f", only {row['cut_short']}"))
    for warning in goals.warnings(read):
        print(f"  {warning}")
    for tables in (report.start_tables, report.call_tables,
                   report.memory_tables, report.request_tables,
                   report.datagram_tables, report.growth_tables,
                   report.left_out_tables, goals.tables):
        for table in tables(read):
            print_table(table)


if __name__ == "__main__":
    main()
