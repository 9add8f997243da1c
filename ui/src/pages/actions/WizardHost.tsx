import { lazy, Suspense } from "react";
import { useWizard } from "./useWizard";

const Wizard = lazy(() => import("./Wizard").then((m) => ({ default: m.Wizard })));

/** Shows the wizard over any page whose address asks for it. */
export function WizardHost() {
  const wizard = useWizard();
  return wizard.state ? <Suspense><Wizard wizard={wizard} state={wizard.state} /></Suspense> : null;
}
