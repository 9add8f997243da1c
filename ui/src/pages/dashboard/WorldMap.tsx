import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState, type CSSProperties, type MouseEvent } from "react";
import { borders, dots, height, land, width } from "virtual:world";
import { stringifySearch } from "../../address/search";
import { number } from "../../time/zone";
import { countryName } from "./countries";
import styles from "./Dashboard.module.css";
import { wayOf } from "./FigureLink";
import type { Ranked } from "./shapes";

// Nothing of the empty Pacific at both sides.
const left = 110, right = 70;

/** The world, shaded by how much comes from where. For eyes and the mouse; the list under it says the same. */
export default function WorldMap({ countries }: { countries: readonly Ranked[] }) {
  const navigate = useNavigate();
  const [at, setAt] = useState<{ code: string; x: number; y: number }>();
  const by = useMemo(() => new Map(countries.map((c) => [c.value, c])), [countries]);
  const most = Math.max(1, ...countries.map((c) => c.figure.value));
  // Little is still seen: the square root, from a fifth up.
  const depth = (n: number) => ({ "--depth": `${Math.round(20 + 80 * Math.sqrt(n / most))}%` }) as CSSProperties;
  const point = (e: MouseEvent, code: string) => {
    const box = e.currentTarget.closest("figure")!.getBoundingClientRect();
    setAt({ code, x: e.clientX - box.left, y: e.clientY - box.top });
  };
  const shape = (code: string, draw: React.ReactNode) => {
    const c = by.get(code);
    if (!c) return <g key={code} className={styles.land}>{draw}</g>;
    const way = wayOf(c.figure);
    const href = way && way.to + stringifySearch(way.search);
    const open = (e: MouseEvent) => {
      if (!way || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault();
      void navigate(way as never);
    };
    return <a key={code} href={href} tabIndex={-1} style={depth(c.figure.value)} onClick={open} onMouseMove={(e) => point(e, code)} onMouseLeave={() => setAt(undefined)}>{draw}</a>;
  };
  const pointed = at && by.get(at.code);
  return (
    <figure className={styles.map} aria-hidden="true">
      <svg viewBox={`${left} 0 ${width - left - right} ${height}`}>
        {land.map(([code, path]) => shape(code, <path d={path} />))}
        <path d={borders} className={styles.borders} />
        {dots.filter(([code]) => by.has(code)).map(([code, x, y]) => shape(code, <circle cx={x} cy={y} r="11" />))}
      </svg>
      {pointed && <div className={styles.tip} style={{ left: at.x, top: at.y }}><b>{countryName(at.code)}</b> <span className="num">{number(pointed.figure.value)}</span></div>}
    </figure>
  );
}
