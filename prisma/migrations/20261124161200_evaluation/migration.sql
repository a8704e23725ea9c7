-- AlterTable
ALTER TABLE "evaluations"
  ADD COLUMN "cut" TIMESTAMPTZ(3),
  ADD COLUMN "fold" INTEGER,
  ADD COLUMN "seed" INTEGER,
  ADD COLUMN "segments" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "evaluation_units" (
    "evaluation_id" UUID NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "metric" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "values" BYTEA NOT NULL,

    CONSTRAINT "evaluation_units_pkey" PRIMARY KEY ("evaluation_id"),
    CONSTRAINT "evaluation_units_evaluation_id_fkey" FOREIGN KEY ("evaluation_id") REFERENCES "evaluations"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "search_trials" (
    "run_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "shop_id" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "hyperparameters" JSONB NOT NULL,
    "rung" INTEGER NOT NULL,
    "budget" INTEGER,
    "results" JSONB NOT NULL DEFAULT '[]',
    "error" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "search_trials_pkey" PRIMARY KEY ("run_id","number")
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['evaluation_units', 'search_trials']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int) '
      'WITH CHECK (shop_id = nullif(current_setting(''tandem.shop_id'', true), '''')::int)', name || '_of_shop', name);
  END LOOP;
END $$;
