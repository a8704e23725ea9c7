-- Which transaction stored a row: what a reader has not seen yet is found without reading what it has. Rows of before count as seen first.
ALTER TABLE "behaviours" ADD COLUMN "stored_tx" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "behaviours" ALTER COLUMN "stored_tx" SET DEFAULT (pg_current_xact_id()::text)::bigint;

-- Rows are appended in about the order of their transactions: ranges of pages are index enough, and cost next to nothing to keep.
CREATE INDEX "behaviours_stored_tx_idx" ON "behaviours" USING BRIN ("stored_tx");
