import { BaseEdge, getBezierPath, type EdgeProps } from "@xyflow/react";

// A wire; one from a module to itself goes around it.
export function Wire({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, source, target, style, data }: EdgeProps) {
  let path: string;
  if (source === target) {
    const top = Math.min(sourceY, targetY) - 70;
    path = `M${sourceX} ${sourceY}C${sourceX + 70} ${sourceY} ${sourceX + 60} ${top} ${(sourceX + targetX) / 2} ${top}S${targetX - 70} ${targetY} ${targetX} ${targetY}`;
  } else if (targetX < sourceX - 30) {
    // A wire back goes around below, where it is not hidden behind what it passes.
    const low = Math.max(sourceY, targetY) + 110 + Math.min(120, (sourceX - targetX) / 8);
    path = `M${sourceX} ${sourceY}C${sourceX + 90} ${sourceY} ${sourceX + 70} ${low} ${(sourceX + targetX) / 2} ${low}S${targetX - 90} ${targetY} ${targetX} ${targetY}`;
  } else {
    [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  }
  return <BaseEdge path={path} style={style} className={`wire ${String((data as { type?: string } | undefined)?.type ?? "")}`} interactionWidth={18} />;
}
