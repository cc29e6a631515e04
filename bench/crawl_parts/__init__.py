"""Parts of `bench/crawl.py`: the site that is crawled, the crawlers that are measured, and how."""
