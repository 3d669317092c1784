"""DriveShop FMS in the sandbox: reports as CSV text without a header, and sample workbooks."""
