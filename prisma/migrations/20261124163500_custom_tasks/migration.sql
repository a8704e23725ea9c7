-- CreateTable
CREATE TABLE "custom_tasks" (
    "shop_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "definition" JSONB NOT NULL,
    "defined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "custom_tasks_pkey" PRIMARY KEY ("shop_id","name")
);

-- Row-level security, as for the tables before.
ALTER TABLE "custom_tasks" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "custom_tasks" FORCE ROW LEVEL SECURITY;
CREATE POLICY "custom_tasks_of_shop" ON "custom_tasks"
  USING (shop_id = nullif(current_setting('tandem.shop_id', true), '')::int)
  WITH CHECK (shop_id = nullif(current_setting('tandem.shop_id', true), '')::int);
