#!/usr/bin/env bash
# A large folder translated by many jobs of one GPU each, under Slurm. No job waits for another one.
#   sbatch --array=1-64 configs/accelerate/translate_array.sh --model checkpoints/monet --direction ab \
#     --input photos/ --output paintings/
# Every job lists the whole input and translates one part of it (--shard). Input and output must be on a disk, or in a
# store, that all machines share. A job that ends early is run again with its own number; files that are there are kept:
#   SHARDS=64 sbatch --array=7,23 configs/accelerate/translate_array.sh ...
#SBATCH --job-name=gan-translate
#SBATCH --ntasks=1
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --requeue
set -eu
# The numbers of an array begin with 1 here, as those of --shard do. SLURM_ARRAY_TASK_COUNT counts the jobs of this
# submission only, so that SHARDS is needed where some of them run again.
shards=${SHARDS:-$SLURM_ARRAY_TASK_COUNT}
exec srun gan translate "$@" --shard "$SLURM_ARRAY_TASK_ID/$shards"
