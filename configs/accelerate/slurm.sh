#!/usr/bin/env bash
# Two machines with four GPUs each under Slurm; a job that reaches its time limit is queued again and continues.
#   RUN=checkpoints/monet sbatch configs/accelerate/slurm.sh --config configs/modern.yaml --data.root datasets/monet
#SBATCH --job-name=gan
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=USR1@300
set -u
RUN=${RUN:?the run directory, on a file system that all machines share}
# Slurm sends SIGUSR1 to the launchers five minutes before the end. torchrun forwards only the signals named here (older
# versions read the first variable, newer ones the second). Otherwise SIGUSR1 would end it and leave its processes behind.
# The processes finish their step, save within the timeout set here, write $RUN/stopped and exit with 75. torchrun turns
# 75 into 1, so the file shows that the run is to continue.
export TORCHELASTIC_SIGNALS_TO_HANDLE=SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1
export PET_SIGNALS_TO_HANDLE=$TORCHELASTIC_SIGNALS_TO_HANDLE
export PET_SHUTDOWN_TIMEOUT=240
rm -f "$RUN/stopped"
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun torchrun --nnodes "$SLURM_NNODES" --nproc-per-node 4 --rdzv-backend c10d \
  --rdzv-endpoint "$first:29500" --rdzv-id "$SLURM_JOB_ID" train.py --run.dir "$RUN" "$@"
status=$?
if [ -e "$RUN/stopped" ]; then
  scontrol requeue "$SLURM_JOB_ID"
  exit 75
fi
exit $status
