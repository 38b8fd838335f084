import { useMemo } from 'preact/hooks';
import { printable } from '../../calls/wording.js';
import { coverageRows } from '../model/coverage.js';
import { Nothing, Technique } from './parts.js';
import type { ViewProps } from './view-props.js';

/** Techniques that rules look for, and those that alerted. */
export function CoverageView({ source: { coverage }, overview }: ViewProps) {
  const rows = useMemo(() => coverageRows(coverage, overview.groups), [coverage, overview]);
  if (rows.length === 0) return <Nothing>No loaded rule and no alert names a technique of ATT&CK.</Nothing>;
  return (
    <section aria-label="Coverage">
      <p class="dim">
        {coverage.rules > 0
          ? `Techniques that the metadata of ${coverage.rules.toLocaleString('en')} loaded rules names. A tag says what a rule is for; that it finds it, a test proves.`
          : 'Techniques that alerts name. Which rules were loaded is not known here.'}
      </p>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Technique</th>
            {coverage.rules > 0 && (
              <th scope="col" class="number">
                Rules
              </th>
            )}
            {coverage.rules > 0 && (
              <th scope="col" class="number">
                Proved by a test
              </th>
            )}
            <th scope="col" class="number">
              Alerts
            </th>
            <th scope="col">Signatures that alerted</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ technique, rules, proved, alerts, signatures }) => (
            <tr key={technique} class={alerts > 0 ? 'is-alerted' : ''}>
              <th scope="row">
                <Technique id={technique} />
              </th>
              {coverage.rules > 0 && (
                <td class="number" data-label="Rules">
                  {rules}
                </td>
              )}
              {coverage.rules > 0 && (
                <td class="number" data-label="Proved">
                  {proved}
                </td>
              )}
              <td class="number" data-label="Alerts">
                {alerts.toLocaleString('en')}
              </td>
              <td class="main">{signatures.map(printable).join('; ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
