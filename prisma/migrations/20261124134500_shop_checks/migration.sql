-- CreateTable
CREATE TABLE "shop_checks" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "result" JSONB NOT NULL,

    CONSTRAINT "shop_checks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "shop_checks_shop_id_checked_at_idx" ON "shop_checks"("shop_id", "checked_at");

-- Row-level security, as for the tables before.
ALTER TABLE "shop_checks" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "shop_checks" FORCE ROW LEVEL SECURITY;
CREATE POLICY "shop_checks_of_shop" ON "shop_checks"
  USING (shop_id = nullif(current_setting('tandem.shop_id', true), '')::int)
  WITH CHECK (shop_id = nullif(current_setting('tandem.shop_id', true), '')::int);
