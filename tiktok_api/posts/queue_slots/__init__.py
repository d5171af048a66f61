"""Queue slots: the weekly times of an account at which queued posts go out, one for each post.

`slots` turns weekly times into instants, `services` puts posts into the queue and moves it. Who fills a slot locks the account,
so that two posts never get the same.
"""
