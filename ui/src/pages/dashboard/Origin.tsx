import { lazy, Suspense, useState } from "react";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";
import { FigureLink, WayLink } from "./FigureLink";
import { detail } from "./People";
import type { Board } from "./shapes";
import { WidgetCard } from "./WidgetCard";
import { countryName } from "./countries";

const WorldMap = lazy(() => import("./WorldMap"));

const noFile = <>Countries are not known: no GeoIP file is set. Put a MaxMind DB (GeoLite2-Country or DB-IP lite) on the server, write its path as <code className="mono">geoip.file</code> in the settings file and start Tocsin again. Mail that comes after that has its country.</>;

/** Where threats come from: the map, and its numbers beside it. */
export function Origin({ board }: { board: Board | undefined }) {
  const [all, setAll] = useState(false);
  const o = board?.origin;
  const countries = o?.countries.filter((c) => c.figure.value > 0) ?? [];
  const listed = all ? countries : countries.slice(0, 5);
  return (
    <WidgetCard
      ready={o !== undefined}
      height={250}
      caption="by sending country"
      asked={o && [...countries.slice(0, 20).map((c) => ({ label: countryName(c.value), figure: c.figure })), ...(o.unplaced.value > 0 ? [{ label: "Country not known", figure: o.unplaced }] : [])]}
      link={board && <WayLink way={{ to: "/explorer", search: { tab: "origin", origin: "SenderCountry", from: board.from, to: board.to } }}>Email origin</WayLink>}
    >
      {o && (
        <>
          <Suspense fallback={<div className={styles.map} />}><WorldMap countries={countries} /></Suspense>
          {countries.length === 0 ? <p className={styles.under}>{o.known ? "No threat came from a country that is known." : noFile}</p> : (
            <ul className={`${styles.places} ${all ? styles.placesall : ""}`} aria-label="Threats by country">
              {listed.map((c) => <li key={c.value}>{countryName(c.value)} <FigureLink figure={c.figure} of={`threats from ${countryName(c.value)}`} />{all && <small> of <FigureLink figure={detail(c, "all") ?? c.figure} of={`email events from ${countryName(c.value)}`} /></small>}</li>)}
              {all && o.unplaced.value > 0 && <li>Not known <FigureLink figure={o.unplaced} of="threats from a country that is not known" /></li>}
              {countries.length > 5 && <li><button type="button" className="textbutton" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Fewer" : `All ${number(countries.length)}`}</button></li>}
            </ul>
          )}
        </>
      )}
    </WidgetCard>
  );
}
