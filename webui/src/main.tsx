/** The page begins here. */

import "./nonce";
import "./keyboard";
import "./theme.css";
import "./frame.css";
import { render } from "preact";
import { findOut } from "./api/account";
import { App } from "./app";
import { beginToasts } from "./parts/toast";

beginToasts();
void findOut();
const page = document.getElementById("page");
if (page !== null) render(<App />, page);
