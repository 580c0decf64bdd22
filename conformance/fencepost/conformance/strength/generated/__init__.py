"""Generated faulty vaults: operators over the source of correct structures, and what the suite makes of them."""
