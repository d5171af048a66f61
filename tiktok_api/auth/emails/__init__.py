"""E-mails: `messages` says what each one says, `mailer` sends it by SMTP or into a folder."""
