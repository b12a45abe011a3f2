"""The status rules as array arithmetic: pure functions from what the disk and the archives say to what each artifact is."""
