"""What is done with people: accounts, groups, memberships, privileges, credentials.

Rights and guards stand in `shared.auth.rules_admin`; here are the transactions. Every one bumps the
rights epoch as its last statement and writes the journal, with both names under sudo.
"""
