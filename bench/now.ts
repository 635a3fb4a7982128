import { openProject } from './project.ts';
import { measureReports } from './reports-now.ts';
import { formatSection } from './report.ts';
using project = await openProject();
console.log(formatSection('reports', await measureReports(project)).join('\n\n'));
