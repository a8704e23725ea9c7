-- CreateTable
CREATE TABLE "retention_policies" (
    "shop_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "keep_days" INTEGER NOT NULL,
    "is_archived" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retention_policies_pkey" PRIMARY KEY ("shop_id","kind")
);

-- CreateTable
CREATE TABLE "retention_batches" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "file" TEXT,
    "removed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retention_batches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "retention_batches_shop_id_kind_removed_at_idx" ON "retention_batches"("shop_id", "kind", "removed_at");

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['retention_policies', 'retention_batches']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
      'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', name || '_of_shop', name);
  END LOOP;
END $$;
