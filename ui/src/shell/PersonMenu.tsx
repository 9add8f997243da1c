import { Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Person20Regular, SignOut20Regular } from "../components/icons";
import { useNavigate } from "@tanstack/react-router";
import { useOperator, usePreferences, useSignOut } from "../session/queries";
import type { Choice } from "../theme/AppTheme";
import styles from "./Shell.module.css";

export function PersonMenu() {
  const { operator } = useOperator();
  const [preferences, change] = usePreferences();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const initials = (operator.name || operator.email).split(/[\s.@]+/).slice(0, 2).map((w) => [...w][0] ?? "").join("").toUpperCase();
  return (
    <Menu
      checkedValues={{ theme: [preferences.theme], density: [preferences.density] }}
      onCheckedValueChange={(_, d) => {
        const v = d.checkedItems.at(-1);
        if (v === undefined) return;
        if (d.name === "theme") change({ theme: v as Choice });
        else change({ density: v as "normal" | "compact" });
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <button type="button" className={styles.person} aria-label={`${operator.name || operator.email}: theme, density, sign out`}>{initials}</button>
      </MenuTrigger>
      <MenuPopover>
        <div className={styles.who}>
          <b><bdi>{operator.name || operator.email}</bdi></b>
          <span>{operator.email}</span>
          <span>{operator.roles.join(", ")}</span>
        </div>
        <MenuList>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>Theme</MenuGroupHeader>
            <MenuItemRadio name="theme" value="auto">As the system</MenuItemRadio>
            <MenuItemRadio name="theme" value="light">Light</MenuItemRadio>
            <MenuItemRadio name="theme" value="dark">Dark</MenuItemRadio>
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>Rows</MenuGroupHeader>
            <MenuItemRadio name="density" value="normal">Normal</MenuItemRadio>
            <MenuItemRadio name="density" value="compact">Compact</MenuItemRadio>
          </MenuGroup>
          <MenuDivider />
          <MenuItem icon={<Person20Regular />} onClick={() => void navigate({ to: "/account" })}>My account</MenuItem>
          <MenuItem icon={<SignOut20Regular />} onClick={() => signOut.mutate()}>Sign out</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
