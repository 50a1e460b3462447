#!/usr/bin/env bash
# Two machines with four GPUs each under Slurm; the job goes back into the queue when it is asked to leave.
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
RUN=${RUN:?the run directory, on a file system that all machines see}
# SIGUSR1 reaches the launchers five minutes before the end. torchrun hands on only the signals named here (older ones
# read the first name, newer ones the second); without them it dies of SIGUSR1 and leaves its processes behind. They
# finish their step, save within the time given here, write $RUN/stopped and exit with 75, which torchrun turns into 1:
# the file is what counts.
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
