"""Frame in, Result out: the puppeteer, and the threads that run it live."""
