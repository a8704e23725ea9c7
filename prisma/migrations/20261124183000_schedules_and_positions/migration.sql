-- CreateTable
CREATE TABLE "source_schedules" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "connection_id" UUID,
    "input" JSONB NOT NULL,
    "cron" TEXT,
    "every_minutes" INTEGER,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "is_paused" BOOLEAN NOT NULL DEFAULT false,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "job_id" UUID,
    "is_settled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "source_schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "import_positions" (
    "shop_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "position" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "import_positions_pkey" PRIMARY KEY ("shop_id","key")
);

-- CreateTable
CREATE TABLE "archive_erasures" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "shop_id" INTEGER NOT NULL,
    "erasure_id" UUID NOT NULL,
    "user_keys" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_erasures_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "source_schedules_shop_id_kind_subject_key" ON "source_schedules"("shop_id", "kind", "subject");

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['source_schedules', 'import_positions', 'archive_erasures']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
      'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', name || '_of_shop', name);
  END LOOP;
END $$;
